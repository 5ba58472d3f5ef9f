variable "account_id" {
  description = "Account that the key belongs to, and whose IAM policies decide who may use it."
  type        = string
}

variable "alias" {
  description = "Name of the key, without `alias/`."
  type        = string
}

variable "description" {
  description = "What the key encrypts."
  type        = string
}

variable "partition" {
  description = "Partition of AWS: aws, aws-cn, aws-us-gov."
  type        = string
}

variable "services" {
  description = "AWS services that may use the key, each under one condition."
  type = map(object({
    principal = string
    condition = object({ test = string, variable = string, value = string })
  }))
  default = {}
}
