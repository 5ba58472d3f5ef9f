terraform {
  required_version = "~> 1.11"

  # A workspace of its own, which the run task does not hold: see docs/how-to/bootstrap.md.
  cloud {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }

    tfe = {
      source  = "hashicorp/tfe"
      version = "~> 0.80"
    }
  }
}
