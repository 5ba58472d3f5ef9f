variable "account_id" {
  description = "AWS account that the service's workspace works in."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is the 12 digits of an AWS account."
  }
}

variable "apply_policy_arns" {
  description = "Policies that say what an apply may do. Nothing unless named."
  type        = set(string)

  validation {
    condition     = alltrue([for arn in var.apply_policy_arns : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", arn))])
    error_message = "Every one of apply_policy_arns is the ARN of a policy."
  }
}

variable "branch" {
  description = "Protected branch that is applied."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.branch))
    error_message = "branch is a branch's name."
  }
}

variable "github_app_installation_id" {
  description = "Installation of Terraform Cloud's GitHub App on the repository (ghain-...)."
  type        = string

  validation {
    condition     = can(regex("^ghain-[A-Za-z0-9]+$", var.github_app_installation_id))
    error_message = "github_app_installation_id is ghain- and letters and digits."
  }
}

variable "hmac_key" {
  description = "Key that requests are signed with: the value that the gate's secret has."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(var.hmac_key) >= 32
    error_message = "hmac_key has at least 32 characters: openssl rand -hex 32."
  }
}

variable "hmac_key_version" {
  description = "Number of the key: one more whenever it is replaced, since its value is compared with nothing."
  type        = number
  default     = 1

  validation {
    condition     = var.hmac_key_version >= 1 && floor(var.hmac_key_version) == var.hmac_key_version
    error_message = "hmac_key_version is a whole number from 1."
  }
}

variable "oidc_provider_arn" {
  description = "OIDC provider of app.terraform.io where the account has one already; null to have it made."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/app\\.terraform\\.io$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn is that of app.terraform.io, or null."
  }
}

variable "organization" {
  description = "Organization at Terraform Cloud."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{3,40}$", var.organization))
    error_message = "organization is 3 to 40 letters, digits, - or _."
  }
}

variable "project" {
  description = "Project at Terraform Cloud that the workspace lies in."
  type        = string
  default     = "flights"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9 _-]{1,38}[A-Za-z0-9_-]$", var.project))
    error_message = "project is 3 to 40 letters, digits, spaces, - or _."
  }
}

variable "region" {
  description = "AWS region that the service's workspace works in."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is like eu-central-1."
  }
}

variable "repository" {
  description = "Repository that the workspace follows: OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is OWNER/NAME."
  }
}

variable "terraform_version" {
  description = "Terraform that runs use: one exact version, since run tasks are asked from 1.1.9 on and plans are judged as this one makes them."
  type        = string
  default     = "1.11.4"

  validation {
    condition     = can(regex("^1\\.(1[1-9]|[2-9][0-9])\\.[0-9]+$", var.terraform_version))
    error_message = "terraform_version is an exact version from 1.11 on."
  }
}

variable "url" {
  description = "Address of the run task: the output `url` of infra/gate."
  type        = string

  validation {
    condition     = can(regex("^https://[^\\s/@]+/$", var.url))
    error_message = "url is https://HOST/ with the slash."
  }
}

variable "watch_applies" {
  description = "Whether what an apply made is looked at: a second run task, of which the free edition has none."
  type        = bool
  default     = true

  validation {
    condition     = var.watch_applies != null
    error_message = "watch_applies is true or false."
  }
}

variable "workspace" {
  description = "Name of the service's workspace."
  type        = string
  default     = "flights-prod"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,90}$", var.workspace))
    error_message = "workspace is letters, digits, - or _."
  }
}
