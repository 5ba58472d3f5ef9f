# Values of no account: enough for a plan that nobody will apply. Everything optional is there, so that it is judged too.
account_id    = "000000000000"
alarm_emails  = ["nobody@example.com"]
canary_url    = "https://api.example.com/v1/health"
image         = "000000000000.dkr.ecr.eu-central-1.amazonaws.com/clearance@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
policy_digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

github = {
  subject       = "repo:example/flights:environment:attest"
  repository_id = "1"
}

package = {
  path   = "receiver.zip"
  sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
}
