locals {
  # A workspace has a task once, with one level of enforcement for all of its stages: so there are two, with one address.
  # After an apply nothing can be held any more, and Terraform Cloud takes advice alone.
  tasks = merge(
    {
      clearance = {
        description       = "No plan and no apply until the change is cleared"
        enforcement_level = "mandatory"
        stages            = ["pre_plan", "post_plan", "pre_apply"]
      }
    },
    var.watch_applies ? {
      clearance-live = {
        description       = "Looks at what an apply made, and holds the next run if it is wanting"
        enforcement_level = "advisory"
        stages            = ["post_apply"]
      }
    } : {},
  )
}

# Terraform Cloud asks the address as soon as a task is made, and makes none unless it answers. The key goes from the
# workspace's variable to Terraform Cloud and stays in no state and no plan: only its version is compared.
resource "tfe_organization_run_task" "this" {
  for_each = local.tasks

  name                = each.key
  organization        = var.organization
  description         = each.value.description
  url                 = var.url
  category            = "task"
  enabled             = true
  hmac_key_wo         = var.hmac_key
  hmac_key_wo_version = var.hmac_key_version
}

resource "tfe_workspace_run_task" "service" {
  for_each = local.tasks

  workspace_id      = tfe_workspace.service.id
  task_id           = tfe_organization_run_task.this[each.key].id
  enforcement_level = each.value.enforcement_level
  stages            = each.value.stages
}
