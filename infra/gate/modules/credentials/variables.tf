variable "account_id" {
  description = "AWS account that the workspace works in."
  type        = string
}

variable "apply_policy_arns" {
  description = "Policies that say what an apply may do."
  type        = set(string)
}

variable "name" {
  description = "Beginning of the roles' names."
  type        = string
}

variable "organization" {
  description = "Organization at Terraform Cloud, exactly as it is written there."
  type        = string

  validation {
    condition     = !can(regex("[*?:]", var.organization))
    error_message = "organization is a name, not a pattern."
  }
}

variable "project" {
  description = "Project at Terraform Cloud, exactly as it is written there."
  type        = string

  validation {
    condition     = !can(regex("[*?:]", var.project))
    error_message = "project is a name, not a pattern."
  }
}

variable "provider_arn" {
  description = "OIDC provider of app.terraform.io where the account has one already; null to have it made."
  type        = string
  default     = null
}

variable "region" {
  description = "AWS region that the workspace works in."
  type        = string
}

variable "workspace" {
  description = "Workspace at Terraform Cloud, exactly as it is written there."
  type        = string

  validation {
    condition     = !can(regex("[*?:]", var.workspace))
    error_message = "workspace is a name, not a pattern."
  }
}
