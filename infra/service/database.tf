module "database" {
  source = "./modules/database"

  account_id                 = var.account_id
  data_key_arn               = module.data_key.arn
  log_key_arn                = module.telemetry_key.arn
  log_retention_days         = var.log_retention_days
  logins                     = local.logins
  name                       = local.name
  proxied_logins             = local.proxied_logins
  region                     = var.region
  database_security_group_id = module.network.database_security_group_id
  proxy_security_group_id    = module.network.proxy_security_group_id
  size                       = var.database
  subnet_ids                 = module.network.subnet_ids
}
