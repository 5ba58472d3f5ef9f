# One route, open to strangers: who may ask is decided by the signature over the raw bytes, before anything else is read.
resource "aws_apigatewayv2_api" "this" {
  name          = local.name
  description   = "Run task of ${local.name}"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "receiver" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = module.receiver.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 11000
}

resource "aws_apigatewayv2_route" "receiver" {
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = "POST /"
  authorization_type = "NONE"
  target             = "integrations/${aws_apigatewayv2_integration.receiver.id}"
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
  }

  # Neither headers nor bodies: both hold secrets.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format = jsonencode({
      request_id   = "$context.requestId"
      time         = "$context.requestTime"
      source_ip    = "$context.identity.sourceIp"
      route        = "$context.routeKey"
      status       = "$context.status"
      bytes        = "$context.responseLength"
      latency_ms   = "$context.responseLatency"
      fault        = "$context.integrationErrorMessage"
      gateway_said = "$context.error.messageString"
    })
  }
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = module.telemetry_key.arn
}

resource "aws_lambda_permission" "api" {
  statement_id  = "Api"
  action        = "lambda:InvokeFunction"
  function_name = module.receiver.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/POST/"
}
