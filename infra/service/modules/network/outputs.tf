output "security_group_ids" {
  description = "Security groups by part: database, endpoints, function, operator, proxy."
  value       = { for name, group in aws_security_group.this : name => group.id }
}

output "subnet_ids" {
  description = "The private subnets, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]
}

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}
