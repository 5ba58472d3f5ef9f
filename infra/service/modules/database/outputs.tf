output "endpoint" {
  description = "Host name of the database itself, for the migrator and operators."
  value       = aws_db_instance.this.address
}

output "identifier" {
  description = "Name of the database in CloudWatch."
  value       = aws_db_instance.this.identifier
}

output "master_secret_arn" {
  description = "Secret of the administrator, which RDS rotates."
  value       = aws_db_instance.this.master_user_secret[*].secret_arn
}

output "name" {
  description = "Name of the database inside the server."
  value       = aws_db_instance.this.db_name
}

output "proxy_endpoint" {
  description = "Host name of the proxy, for the function."
  value       = aws_db_proxy.this.endpoint
}

output "proxy_id" {
  description = "What `rds-db:connect` calls the proxy: prx- and digits, the end of its ARN."
  value       = element(split(":", aws_db_proxy.this.arn), 6)
}

output "proxy_name" {
  description = "Name of the proxy in CloudWatch."
  value       = aws_db_proxy.this.name
}

output "resource_id" {
  description = "What `rds-db:connect` calls the database."
  value       = aws_db_instance.this.resource_id
}
