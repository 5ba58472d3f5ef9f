provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      project    = "clearance"
      stage      = "prod"
      managed-by = "terraform"
    }
  }
}

# The token is TFE_TOKEN in the workspace's environment: of a team that may manage workspaces and run tasks.
provider "tfe" {
  organization = var.organization
}
