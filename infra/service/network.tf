module "network" {
  source = "./modules/network"

  account_id         = var.account_id
  availability_zones = var.availability_zones
  cidr               = var.network_cidr
  log_key_arn        = module.telemetry_key.arn
  log_retention_days = var.log_retention_days
  name               = local.name
  region             = var.region
}
