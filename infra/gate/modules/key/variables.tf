variable "account_id" {
  description = "Account that the key belongs to. Its IAM policies decide who administers the key, never who uses it."
  type        = string
}

variable "alias" {
  description = "Name of the key, without `alias/`."
  type        = string
}

variable "description" {
  description = "What the key is for."
  type        = string
}

variable "partition" {
  description = "Partition of AWS: aws, aws-cn, aws-us-gov."
  type        = string
}

variable "signs" {
  description = "Whether it signs (ECDSA on P-256) instead of encrypting."
  type        = bool
  default     = false
}

variable "uses" {
  description = "Who may use the key for what, by statement id. Conditions hold all together: values that are equal, and ARNs that match a pattern."
  type = map(object({
    principal = object({ type = string, id = string })
    actions   = list(string)
    equals    = optional(map(string), {})
    like      = optional(map(string), {})
  }))
}
