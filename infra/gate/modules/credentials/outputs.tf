output "audience" {
  description = "Audience that a run's token must be for."
  value       = local.audience
}

output "role_arns" {
  description = "The roles, by phase."
  value       = { for phase, role in aws_iam_role.phase : phase => role.arn }
}
