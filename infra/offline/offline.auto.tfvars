# Values of no account: enough for a plan that nobody will apply. Everything optional is there, so that it is judged too.
account_id         = "000000000000"
alarm_emails       = ["nobody@example.com"]
availability_zones = ["eu-central-1a", "eu-central-1b"]
operator_image_id  = "ami-00000000000000000"

jwt = {
  issuer    = "https://issuer.example.com/"
  audiences = ["flights"]
}

package = {
  path   = "flights.zip"
  sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
}
