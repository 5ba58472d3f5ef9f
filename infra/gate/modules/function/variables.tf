variable "concurrency" {
  description = "How many of it may run at once."
  type        = number
}

variable "data_key_arn" {
  description = "Key that the environment is encrypted with."
  type        = string
}

variable "description" {
  description = "What the function does."
  type        = string
}

variable "environment" {
  description = "Environment variables: names and places, never a secret."
  type        = map(string)
}

variable "handler" {
  description = "Python function that is called, as a dotted name."
  type        = string
}

variable "image" {
  description = "Container image, by digest; or null, for a package."
  type        = string
  default     = null
}

variable "log_key_arn" {
  description = "Key that the log is encrypted with."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the log keeps its lines."
  type        = number
}

variable "memory_mb" {
  description = "Memory in MB, to which the share of a processor is proportional."
  type        = number
}

variable "name" {
  description = "Name of the function, its role and its log."
  type        = string
}

variable "package" {
  description = "Zip, as a file or as a version of an object in S3, with its SHA-256 in base64; or null, for an image."
  type = object({
    path   = optional(string)
    sha256 = string
    s3     = optional(object({ bucket = string, key = string, version = string }))
  })
  default = null
}

variable "partition" {
  description = "Partition of AWS: aws, aws-cn, aws-us-gov."
  type        = string
}

variable "policy" {
  description = "What its role may do, as a policy document in JSON."
  type        = string
}

variable "scratch_mb" {
  description = "Size of its /tmp in MB."
  type        = number
  default     = 512
}

variable "timeout_s" {
  description = "Seconds after which it is stopped."
  type        = number
}
