# What every test starts from, unless it says otherwise.
account_id    = "111122223333"
alarm_emails  = []
canary_url    = "https://api.example.com/v1/health"
github        = { subject = "repo:example/flights:environment:attest", repository_id = "42" }
image         = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/clearance@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
package       = { path = "receiver.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
policy_digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
region        = "eu-central-1"
stage         = "test"
