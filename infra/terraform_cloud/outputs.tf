output "role_arns" {
  description = "Roles of the workspace's plan and apply phases."
  value       = module.credentials.role_arns
}

output "workspace_id" {
  description = "Id of the service's workspace."
  value       = tfe_workspace.service.id
}
