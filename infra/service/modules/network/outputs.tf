output "database_security_group_id" {
  description = "Security group of the database."
  value       = aws_security_group.this["database"].id
}

output "function_security_group_id" {
  description = "Security group of the function."
  value       = aws_security_group.this["function"].id
}

output "operator_security_group_id" {
  description = "Security group of the operators' host."
  value       = aws_security_group.this["operator"].id
}

output "proxy_security_group_id" {
  description = "Security group of the database proxy."
  value       = aws_security_group.this["proxy"].id
}

output "subnet_ids" {
  description = "The private subnets, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]
}
