variable "branch" {
  description = "Protected branch: the repository's default."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.branch))
    error_message = "branch is a branch's name, without a slash or a pattern."
  }
}

variable "environment" {
  description = "Environment of the job that files and signs verdicts."
  type        = string
  default     = "attest"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.environment))
    error_message = "environment is letters, digits, ., - or _: it is a part of a token's subject."
  }
}

variable "owner" {
  description = "Organization that the repository belongs to; merge queues are for organizations alone."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+$", var.owner))
    error_message = "owner is an organization's name."
  }
}

variable "region" {
  description = "AWS region of the gate."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is like eu-central-1."
  }
}

variable "repository" {
  description = "Name of the repository, without its owner."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is a name without a slash."
  }
}

variable "required_checks" {
  description = "Jobs of the workflows that must have succeeded on the merge group."
  type        = set(string)
  default     = ["gate / verdict", "tests"]

  validation {
    condition     = contains(var.required_checks, "gate / verdict")
    error_message = "required_checks has gate / verdict at least: the job that judges."
  }
}

variable "shelf" {
  description = "Where verdicts are filed: the output `shelf` of infra/gate."
  type        = string

  validation {
    condition     = can(regex("^s3://[a-z0-9.-]+(/.*)?$", var.shelf))
    error_message = "shelf is s3://BUCKET or s3://BUCKET/PREFIX."
  }
}

variable "sign_merge_groups" {
  description = "Whether merge groups are signed before they land: only with `github.workflow` of infra/gate, which names the signing file by its commit."
  type        = bool
  default     = false

  validation {
    condition     = var.sign_merge_groups != null
    error_message = "sign_merge_groups is true or false."
  }
}

variable "signing_key" {
  description = "What signs verdicts: the output `signing_key` of infra/gate. It names the key in KMS and is none."
  type        = string

  validation {
    condition     = can(regex("^awskms:", var.signing_key))
    error_message = "signing_key is awskms: and the ARN of a key."
  }
}

variable "workflow_role_arn" {
  description = "Role that the job takes on: the output `workflow_role_arn` of infra/gate."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", var.workflow_role_arn))
    error_message = "workflow_role_arn is the ARN of a role."
  }
}
