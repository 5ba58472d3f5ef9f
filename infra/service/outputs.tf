output "alarm_topic_arn" {
  description = "Topic that every alarm goes to."
  value       = aws_sns_topic.alarms.arn
}

output "api_endpoint" {
  description = "URL of the API: the BASE_URL of the integration tests."
  value       = module.api.endpoint
}

output "database_endpoint" {
  description = "Host name of the database, for the migrator and operators."
  value       = module.database.endpoint
}

output "master_secret_arn" {
  description = "Secret of the database's administrator; RDS rotates it."
  value       = one(module.database.master_secret_arn)
}

output "operator_instance_id" {
  description = "Host that operators' sessions go through; null where there is none."
  value       = one(aws_instance.operator[*].id)
}

output "operator_policy_arn" {
  description = "Policy that lets a person or role reach the database."
  value       = aws_iam_policy.operator.arn
}

output "proxy_endpoint" {
  description = "Host name of the database proxy."
  value       = module.database.proxy_endpoint
}
