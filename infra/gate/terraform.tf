terraform {
  required_version = "~> 1.11"

  # Organization and workspace come from TF_CLOUD_ORGANIZATION and TF_WORKSPACE. The run task must not hold this workspace:
  # see docs/how-to/bootstrap.md.
  cloud {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
