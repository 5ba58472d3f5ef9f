# The service's workspace: it follows the repository, plans pull requests of it and applies what is on its branch.
resource "tfe_project" "this" {
  name         = var.project
  organization = var.organization
}

resource "tfe_workspace" "service" {
  name         = var.workspace
  organization = var.organization
  project_id   = tfe_project.this.id
  description  = "The flights service; every run is held by the run task clearance"

  terraform_version     = var.terraform_version
  working_directory     = "infra/service"
  auto_apply            = false
  allow_destroy_plan    = false
  assessments_enabled   = true
  file_triggers_enabled = false # what is cleared is the whole repository, so any change of it may be a run
  force_delete          = false
  global_remote_state   = false
  queue_all_runs        = false
  speculative_enabled   = true

  vcs_repo {
    identifier                 = var.repository
    branch                     = var.branch
    github_app_installation_id = var.github_app_installation_id
    ingress_submodules         = false
  }
}

# Plans and applies run at Terraform Cloud: on a person's machine no run task would be asked.
resource "tfe_workspace_settings" "service" {
  workspace_id   = tfe_workspace.service.id
  execution_mode = "remote"
}

# The provider signs in with a token of this run, for a role that only this workspace's phase can take on. No key is kept.
resource "tfe_variable" "credentials" {
  for_each = {
    TFC_AWS_APPLY_ROLE_ARN             = module.credentials.role_arns["apply"]
    TFC_AWS_PLAN_ROLE_ARN              = module.credentials.role_arns["plan"]
    TFC_AWS_PROVIDER_AUTH              = "true"
    TFC_AWS_WORKLOAD_IDENTITY_AUDIENCE = module.credentials.audience
  }

  workspace_id = tfe_workspace.service.id
  category     = "env"
  key          = each.key
  value        = each.value
  description  = "Dynamic credentials for AWS"
  sensitive    = false
}

module "credentials" {
  source = "../gate/modules/credentials"

  account_id        = var.account_id
  name              = var.workspace
  organization      = var.organization
  project           = tfe_project.this.name
  region            = var.region
  workspace         = var.workspace
  provider_arn      = var.oidc_provider_arn
  apply_policy_arns = var.apply_policy_arns
}
