terraform {
  required_version = "~> 1.11"

  # Organization and workspace come from TF_CLOUD_ORGANIZATION and TF_WORKSPACE, so that no name of ours is in the code.
  cloud {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
