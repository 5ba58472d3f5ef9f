variable "password" {
  type      = string
  sensitive = true
  default   = "canary-of-a-default"
}

variable "pin" {
  type      = number
  sensitive = true
  default   = 271828
}

module "inner" {
  source = "./inner"
  token  = "canary-of-an-argument"
}

resource "terraform_data" "this" {
  input = { login = "flights", password = var.password, pin = var.pin, dsn = "postgres://flights:${var.password}@db" }
}

output "password" {
  value     = var.password
  sensitive = true
}
