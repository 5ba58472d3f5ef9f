variable "account_id" {
  description = "Account that the database belongs to."
  type        = string
}

variable "data_key_arn" {
  description = "KMS key of what is at rest: storage, backups, performance data, passwords."
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

variable "region" {
  description = "Region, for the name by which KMS knows Secrets Manager."
  type        = string
}

variable "security_group_ids" {
  description = "Security groups of the parts `database` and `proxy`."
  type        = map(string)
}

variable "size" {
  description = "Instance class, storage in GiB, days of backups, zones and major version."
  type = object({
    instance_class  = string
    storage_gib     = number
    max_storage_gib = number
    backup_days     = number
    multi_az        = bool
    major_version   = string
  })
}

variable "subnet_ids" {
  description = "Private subnets, in two zones at least."
  type        = list(string)
}
