# The job that files and signs verdicts runs in this environment, and AWS trusts its name (infra/gate). Jobs of the
# protected branch alone may use it: pull requests and forks may not, whatever their workflow says. The merge queue's
# branches may where its groups are signed: GitHub lets whoever may push make one of such a name, with a workflow of their
# own in it, so AWS must then ask for the signing file by its commit (`github.workflow` of infra/gate). Nothing secret lies
# in this environment.
resource "github_repository_environment" "clearance" {
  repository        = var.repository
  environment       = var.environment
  can_admins_bypass = false

  deployment_branch_policy {
    protected_branches     = false
    custom_branch_policies = true
  }
}

resource "github_repository_environment_deployment_policy" "clearance" {
  repository     = var.repository
  environment    = github_repository_environment.clearance.environment
  branch_pattern = var.branch
}

resource "github_repository_environment_deployment_policy" "merge_groups" {
  count = var.sign_merge_groups ? 1 : 0

  repository     = var.repository
  environment    = github_repository_environment.clearance.environment
  branch_pattern = "gh-readonly-queue/${var.branch}/*"
}

# Of the repository and not of the environment, since a job's condition is decided before it is in one. They are names
# and no secrets: whoever reads them can do nothing without the environment's token.
resource "github_actions_variable" "clearance" {
  for_each = {
    CLEARANCE_KEY    = var.signing_key
    CLEARANCE_REGION = var.region
    CLEARANCE_ROLE   = var.workflow_role_arn
    CLEARANCE_SHELF  = var.shelf
  }

  repository    = var.repository
  variable_name = each.key
  value         = each.value
}
