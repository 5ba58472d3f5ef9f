variable "function_name" {
  description = "Name of the function that answers."
  type        = string
}

variable "invoke_arn" {
  description = "ARN by which the API calls the function."
  type        = string
}

variable "jwt" {
  description = "Issuer and audiences of the access tokens."
  type = object({
    issuer    = string
    audiences = set(string)
  })
}

variable "log_key_arn" {
  description = "KMS key of the access log."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the access log is kept."
  type        = number
}

variable "name" {
  description = "Name of the API."
  type        = string
}

variable "routes" {
  description = "Route keys, and the scopes of which a token needs one; none for a route that is open."
  type        = map(list(string))

  validation {
    condition     = alltrue([for key, scopes in var.routes : length(scopes) > 0 || startswith(key, "GET ")])
    error_message = "Only reading may be open to everybody."
  }

  validation {
    condition     = !contains(keys(var.routes), "$default")
    error_message = "Routes are named one by one: $default would let everything through to the function."
  }
}

variable "throttle" {
  description = "Requests a second, and how far a burst may exceed them."
  type = object({
    rate  = number
    burst = number
  })
}
