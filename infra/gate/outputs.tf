output "alarm_topic_arn" {
  description = "Topic that every alarm goes to."
  value       = aws_sns_topic.alarms.arn
}

output "secret_names" {
  description = "Secrets that somebody must fill before the first request, by what they are for."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.name }
}

output "shelf" {
  description = "Where evidence and verdicts are kept: what --shelf takes."
  value       = "s3://${aws_s3_bucket.shelf.bucket}"
}

output "signing_key" {
  description = "Key that signs verdicts: what --key takes."
  value       = "awskms:${module.signing_key.arn}"
}

output "url" {
  description = "Address of the run task, for infra/terraform_cloud."
  value       = "${aws_apigatewayv2_api.this.api_endpoint}/"
}

output "workflow_role_arn" {
  description = "Role of the workflow that files verdicts and signs them, for infra/github."
  value       = aws_iam_role.workflow.arn
}
