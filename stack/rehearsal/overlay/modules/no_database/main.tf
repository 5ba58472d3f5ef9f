# Answers what the root asks of its database module, and makes nothing.
variable "account_id" {
  type = string
}

variable "data_key_arn" {
  type = string
}

variable "database_security_group_id" {
  type = string
}

variable "log_key_arn" {
  type = string
}

variable "log_retention_days" {
  type = number
}

variable "logins" {
  type = set(string)
}

variable "name" {
  type = string
}

variable "proxied_logins" {
  type = set(string)
}

variable "proxy_security_group_id" {
  type = string
}

variable "region" {
  type = string
}

variable "size" {
  type = any
}

variable "subnet_ids" {
  type = list(string)
}

output "endpoint" {
  value = "${var.name}.invalid"
}

output "identifier" {
  value = var.name
}

output "master_secret_arn" {
  value = []
}

output "name" {
  value = "flights"
}

output "proxy_endpoint" {
  value = "${var.name}-proxy.invalid"
}

output "proxy_id" {
  value = "prx-00000000000000000"
}

output "proxy_name" {
  value = var.name
}

output "resource_id" {
  value = "db-REHEARSAL"
}
