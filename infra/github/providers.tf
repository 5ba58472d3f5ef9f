# The token is GITHUB_TOKEN, or a GitHub App's, in the workspace's environment: with administration of the repository.
provider "github" {
  owner = var.owner
}
