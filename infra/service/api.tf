module "api" {
  source = "./modules/api"

  function_name      = aws_lambda_function.service.function_name
  invoke_arn         = aws_lambda_function.service.invoke_arn
  jwt                = var.jwt
  log_key_arn        = module.telemetry_key.arn
  log_retention_days = var.log_retention_days
  name               = local.name
  routes             = local.routes
  throttle           = var.throttle
}
