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

variable "availability_zones" {
  description = "Zones of the region that the private subnets lie in: two or three, one subnet in each."
  type        = list(string)

  validation {
    condition     = contains([2, 3], length(distinct(var.availability_zones))) && length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "availability_zones are two or three different zones."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : can(regex("^${var.region}[a-z]$", zone))])
    error_message = "Every one of availability_zones is a zone of the region: ${var.region}a, for example."
  }
}

variable "database" {
  description = "Size of the database: instance class, storage in GiB (it grows by itself up to the maximum) and the major version of PostgreSQL."
  type = object({
    instance_class  = optional(string, "db.t4g.medium")
    storage_gib     = optional(number, 20)
    max_storage_gib = optional(number, 100)
    major_version   = optional(string, "18")
  })
  default = {}

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.database.instance_class))
    error_message = "database.instance_class is like db.t4g.medium."
  }

  validation {
    condition     = var.database.storage_gib >= 20 && var.database.max_storage_gib > var.database.storage_gib
    error_message = "database.storage_gib is at least 20, and database.max_storage_gib above it."
  }

  validation {
    condition     = contains(["17", "18"], var.database.major_version)
    error_message = "database.major_version is 17 or 18, those that the service is written for."
  }
}

variable "function" {
  description = "Size of the function: memory in MB, timeout in seconds, and how many of it may run at once, which also bounds the connections to the database."
  type = object({
    memory_mb   = optional(number, 512)
    timeout_s   = optional(number, 15)
    concurrency = optional(number, 20)
  })
  default = {}

  validation {
    condition     = var.function.memory_mb >= 256 && var.function.memory_mb <= 10240
    error_message = "function.memory_mb is from 256 to 10240."
  }

  validation {
    condition     = var.function.timeout_s >= 11 && var.function.timeout_s <= 29
    error_message = "function.timeout_s is from 11 to 29: above the 10 s that a statement may take, below the 30 s that the API waits."
  }

  validation {
    condition     = var.function.concurrency >= 1 && var.function.concurrency <= 1000
    error_message = "function.concurrency is from 1 to 1000; 0 would switch the service off."
  }
}

variable "jwt" {
  description = "Who issues the access tokens of third parties (an https URL, exactly as in their claim `iss`) and the audiences that are ours."
  type = object({
    issuer    = string
    audiences = set(string)
  })

  validation {
    condition     = can(regex("^https://[^\\s/]+", var.jwt.issuer))
    error_message = "jwt.issuer is an https URL."
  }

  validation {
    condition     = length(var.jwt.audiences) > 0 && alltrue([for audience in var.jwt.audiences : trimspace(audience) != ""])
    error_message = "jwt.audiences has at least one, and none of them empty: without it a token for anybody else would do."
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

variable "network_cidr" {
  description = "Addresses of the VPC: a private IPv4 range of /16 to /22."
  type        = string
  default     = "10.20.0.0/20"

  validation {
    condition     = can(cidrhost(var.network_cidr, 0)) && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.).*/(1[6-9]|2[0-2])$", var.network_cidr))
    error_message = "network_cidr is a range of RFC 1918 from /16 to /22."
  }
}

variable "operator_image_id" {
  description = "Image of the host through which operators reach the database: Amazon Linux 2023 for arm64, in the region. Without it there is no such host, and no way in."
  type        = string
  default     = null

  validation {
    condition     = var.operator_image_id == null || can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.operator_image_id))
    error_message = "operator_image_id is like ami-0123456789abcdef0, or null."
  }
}

variable "package" {
  description = "The function's package, which `nox -s package` writes: a file, or a version of an object in S3; and its SHA-256 in base64, to which a run is bound wherever the bytes come from."
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

variable "region" {
  description = "AWS region that everything lives in."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is like eu-central-1."
  }
}

variable "stage" {
  description = "Name of the deployment, in every resource's name and in the metrics' dimension `stage`."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,11}$", var.stage))
    error_message = "stage is a lower-case letter and up to 11 more letters or digits."
  }
}

variable "throttle" {
  description = "Requests a second that the API lets through, for all its callers together, and how far a burst may exceed them."
  type = object({
    rate  = optional(number, 100)
    burst = optional(number, 200)
  })
  default = {}

  validation {
    condition     = var.throttle.rate >= 1 && var.throttle.rate <= 10000 && var.throttle.burst >= 1 && var.throttle.burst <= 5000
    error_message = "throttle.rate is from 1 to 10000 and throttle.burst from 1 to 5000, the account's own limits."
  }
}
