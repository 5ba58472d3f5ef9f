locals {
  logs_arn = "arn:${local.partition}:logs:${var.region}:${var.account_id}"
}

# What is at rest: the database, its backups, the secrets, the function's environment, the operators' host.
module "data_key" {
  source = "./modules/key"

  account_id  = var.account_id
  alias       = "${local.name}-data"
  description = "Data at rest of ${local.name}: database, secrets, function environment"
  partition   = local.partition
}

# What is told: the log groups and the alarms' topic.
module "telemetry_key" {
  source = "./modules/key"

  account_id  = var.account_id
  alias       = "${local.name}-telemetry"
  description = "Logs and alarms of ${local.name}"
  partition   = local.partition

  services = {
    logs = {
      principal = "logs.${var.region}.amazonaws.com"
      condition = { test = "ArnLike", variable = "kms:EncryptionContext:aws:logs:arn", value = "${local.logs_arn}:log-group:*" }
    }
    alarms = {
      principal = "cloudwatch.amazonaws.com"
      condition = { test = "StringEquals", variable = "aws:SourceAccount", value = var.account_id }
    }
  }
}
