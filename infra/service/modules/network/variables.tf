variable "account_id" {
  description = "Account whose roles may use the endpoints."
  type        = string
}

variable "availability_zones" {
  description = "Zones, one private subnet in each; at most four."
  type        = list(string)
}

variable "cidr" {
  description = "Addresses of the VPC; each subnet takes a quarter."
  type        = string
}

variable "log_key_arn" {
  description = "KMS key that the flow log is encrypted with."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the flow log is kept."
  type        = number
}

variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region, for the names of the endpoints."
  type        = string
}
