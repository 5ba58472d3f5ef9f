terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "offline"
  secret_key                  = "offline"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  default_tags {
    tags = { project = "flights", stage = "test", managed-by = "terraform" }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/flights"
  retention_in_days = 365
}
