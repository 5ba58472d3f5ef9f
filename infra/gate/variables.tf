variable "account_id" {
  description = "AWS account that everything lives in; a run with the credentials of another one is refused."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is the 12 digits of an AWS account."
  }
}

variable "alarm_emails" {
  description = "Addresses that are told of every alarm. Each must confirm its subscription."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "Every one of alarm_emails is name@host.domain."
  }
}

variable "canary_url" {
  description = "Address of the deployed API that is asked after an apply, and answers 200 without a token: no function here holds one."
  type        = string

  validation {
    condition     = can(regex("^https://[^\\s/@]+/[^\\s]+$", var.canary_url))
    error_message = "canary_url is an https URL with a path, as https://HOST/v1/health."
  }
}

variable "github" {
  description = "Whose workflow files verdicts: the exact subject of its token, the id of the repository, its protected branch, the workflow that signs merge groups too (none where null), and the OIDC provider of GitHub where the account has one already."
  type = object({
    subject       = string
    repository_id = string
    branch        = optional(string, "main")
    workflow      = optional(string)
    provider_arn  = optional(string)
  })

  validation {
    condition     = can(regex("^repo:[A-Za-z0-9._-]+/[A-Za-z0-9._-]+:environment:[A-Za-z0-9._-]+$", var.github.subject))
    error_message = "github.subject is repo:OWNER/REPOSITORY:environment:NAME, whole and without a pattern, as a token of the repository shows it."
  }

  validation {
    condition     = can(regex("^[0-9]+$", var.github.repository_id))
    error_message = "github.repository_id is a number: gh api repos/OWNER/REPOSITORY --jq .id"
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.github.branch))
    error_message = "github.branch is a branch's name, without a slash or a pattern: a merge queue's branches can be made by whoever may push."
  }

  validation {
    condition     = var.github.workflow == null || can(regex("^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+/\\.github/workflows/[A-Za-z0-9._-]+@[0-9a-f]{40}$", var.github.workflow))
    error_message = "github.workflow is OWNER/REPOSITORY/.github/workflows/FILE@COMMIT, by a full commit: what a branch or a tag names can be changed."
  }

  validation {
    condition     = var.github.provider_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github.provider_arn))
    error_message = "github.provider_arn is that of token.actions.githubusercontent.com, or null to have it made."
  }
}

variable "image" {
  description = "Container image of the worker in ECR, by digest: a tag could be moved after the plan was read."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image is ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:DIGEST."
  }
}

variable "log_retention_days" {
  description = "Days that every log group keeps its lines."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is a year or more, in a step that CloudWatch Logs knows: 365, 400, 545, 731, 1096, ..., 3653."
  }
}

variable "package" {
  description = "The receiver's zip: a file, or a version of an object in S3; and its SHA-256 in base64."
  type = object({
    path   = optional(string)
    sha256 = string
    s3 = optional(object({
      bucket  = string
      key     = string
      version = string
    }))
  })

  validation {
    condition     = (var.package.path == null) != (var.package.s3 == null)
    error_message = "package has either path or s3, not both."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.package.sha256))
    error_message = "package.sha256 is the 32 bytes of a SHA-256 in base64: openssl dgst -sha256 -binary FILE | base64."
  }
}

variable "policy_digest" {
  description = "Digest of the protected branch's policy, which the worker's image must hold: the worker refuses another."
  type        = string

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.policy_digest))
    error_message = "policy_digest is sha256: and 64 hexadecimal digits, as a verdict shows it."
  }
}

variable "receiver_concurrency" {
  description = "How many requests are taken in at once."
  type        = number
  default     = 20

  validation {
    condition     = var.receiver_concurrency >= 1 && var.receiver_concurrency <= 1000
    error_message = "receiver_concurrency is from 1 to 1000; 0 would switch the gate off, and hold every run."
  }
}

variable "region" {
  description = "AWS region that everything lives in."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is like eu-central-1."
  }
}

variable "shelf_retention_days" {
  description = "Days for which nobody, the account's owner included, can delete a version of what was filed."
  type        = number
  default     = 400

  validation {
    condition     = var.shelf_retention_days >= 90 && var.shelf_retention_days <= 3653
    error_message = "shelf_retention_days is from 90 to 3653."
  }
}

variable "stage" {
  description = "Name of the deployment, in every resource's name."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,11}$", var.stage))
    error_message = "stage is a lower-case letter and up to 11 more letters or digits."
  }
}

variable "terraform_hosts" {
  description = "Hosts of Terraform Cloud that may be called, and given a token."
  type        = list(string)
  default     = ["app.terraform.io"]

  validation {
    condition     = length(var.terraform_hosts) > 0 && alltrue([for host in var.terraform_hosts : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", host))])
    error_message = "terraform_hosts has at least one, and each is a host's name: no pattern, no port."
  }
}

variable "throttle" {
  description = "Requests a second that the API lets through, and how far a burst may exceed them."
  type = object({
    rate  = optional(number, 20)
    burst = optional(number, 100)
  })
  default = {}

  validation {
    condition     = var.throttle.rate >= 1 && var.throttle.rate <= 10000 && var.throttle.burst >= 1 && var.throttle.burst <= 5000
    error_message = "throttle.rate is from 1 to 10000 and throttle.burst from 1 to 5000, the account's own limits."
  }
}

variable "worker" {
  description = "Size of the worker: memory in MB, seconds that one request may take, and how many work at once."
  type = object({
    memory_mb   = optional(number, 3008)
    timeout_s   = optional(number, 300)
    concurrency = optional(number, 10)
  })
  default = {}

  validation {
    condition     = var.worker.memory_mb >= 1024 && var.worker.memory_mb <= 10240
    error_message = "worker.memory_mb is from 1024 to 10240: Checkov needs the first."
  }

  validation {
    condition     = var.worker.timeout_s >= 120 && var.worker.timeout_s <= 420
    error_message = "worker.timeout_s is from 120 to 420: who takes over from a dead worker must speak up within the ten minutes that Terraform Cloud waits."
  }

  validation {
    condition     = var.worker.concurrency >= 2 && var.worker.concurrency <= 1000
    error_message = "worker.concurrency is from 2, which is the least that a queue can be given, to 1000."
  }
}
