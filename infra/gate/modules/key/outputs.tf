output "arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}

output "policy" {
  description = "The key's own policy, as an object."
  value       = jsondecode(aws_kms_key.this.policy)
}

output "spec" {
  description = "What kind of key it is."
  value       = aws_kms_key.this.customer_master_key_spec
}
