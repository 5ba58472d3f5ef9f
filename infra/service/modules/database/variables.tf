variable "account_id" {
  description = "Account that the database belongs to."
  type        = string
}

variable "data_key_arn" {
  description = "KMS key of what is at rest: storage, backups, performance data, passwords."
  type        = string
}

variable "database_security_group_id" {
  description = "Security group of the database."
  type        = string
}

variable "log_key_arn" {
  description = "KMS key of the log groups."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the logs are kept."
  type        = number
}

variable "logins" {
  description = "Database logins that have a password in Secrets Manager."
  type        = set(string)
}

variable "name" {
  description = "Name of the database and prefix of every other name."
  type        = string
}

variable "proxied_logins" {
  description = "Those of the logins that the proxy serves."
  type        = set(string)

  validation {
    condition     = length(setsubtract(var.proxied_logins, var.logins)) == 0
    error_message = "Every one of proxied_logins is one of logins."
  }
}

variable "proxy_security_group_id" {
  description = "Security group of the proxy."
  type        = string
}

variable "region" {
  description = "Region, for the name by which KMS knows Secrets Manager."
  type        = string
}

variable "size" {
  description = "Instance class, storage in GiB and major version of PostgreSQL."
  type = object({
    instance_class  = string
    storage_gib     = number
    max_storage_gib = number
    major_version   = string
  })
}

variable "subnet_ids" {
  description = "Private subnets, in two zones at least."
  type        = list(string)
}
