terraform {
  required_version = "~> 1.11"

  # A workspace of its own, which the run task does not hold: see docs/how-to/bootstrap.md.
  cloud {}

  required_providers {
    github = {
      source  = "integrations/github"
      version = "~> 6.8"
    }
  }
}
