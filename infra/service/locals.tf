# Computed by the provider itself, without a call.
data "aws_partition" "current" {}

locals {
  name      = "flights-${var.stage}"
  partition = data.aws_partition.current.partition

  tags = {
    project    = "flights"
    stage      = var.stage
    managed-by = "terraform"
  }

  # The logins of service/logins.py; the migrator signs in to the database itself, not through the proxy.
  proxied_logins = toset(["flights_canary", "flights_ingest", "flights_reader"])
  logins         = setunion(local.proxied_logins, ["flights_migrator"])

  operator_login = "flights_operator"

  # Routes of service/openapi.json, and the scopes of which a token needs one. No scopes: open to everybody.
  routes = {
    "GET /v1/flights"                                           = ["flights:read", "canary:read"]
    "GET /v1/flights/{flight_date}/{carrier}/{flight}/{origin}" = ["flights:read", "canary:read"]
    "GET /v1/health"                                            = []
    "GET /v1/stats/delays"                                      = ["flights:read", "canary:read"]
    "POST /v1/flights"                                          = ["flights:write"]
  }
}
