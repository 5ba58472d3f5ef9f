# Laid over a copy of the root, it lets Terraform plan without an account and without a network: see ../README.md.
# It must never lie in the root itself, where Terraform would load it.
terraform {
  backend "local" {}
}

provider "aws" {
  access_key                  = "offline"
  secret_key                  = "offline"
  allowed_account_ids         = null
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
