output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "environment" {
  description = "Environment variables of the function."
  value       = aws_lambda_function.this.environment[0].variables
}

output "image" {
  description = "Container image of the function; null where it is a zip."
  value       = aws_lambda_function.this.image_uri
}

output "invoke_arn" {
  description = "ARN by which an API calls the function."
  value       = aws_lambda_function.this.invoke_arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "timeout_s" {
  description = "Seconds after which the function is stopped."
  value       = aws_lambda_function.this.timeout
}
