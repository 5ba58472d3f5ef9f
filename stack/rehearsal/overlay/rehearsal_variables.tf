# What rehearsal_override.tf needs to know; an override cannot declare a variable.
variable "emulator" {
  description = "Where the emulator answers."
  type        = string
}

variable "dsn" {
  description = "Where the database answers that stands in for the proxy and the database behind it; no login, no password."
  type        = string
}

variable "nobody" {
  description = "Whom the emulator is told that it serves; it asks for no credentials."
  type        = string
}
