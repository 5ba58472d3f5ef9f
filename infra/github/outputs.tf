output "subject" {
  description = "Subject of the environment's tokens, for github.subject of infra/gate, where the repository has not the immutable form."
  value       = "repo:${var.owner}/${var.repository}:environment:${github_repository_environment.clearance.environment}"
}
