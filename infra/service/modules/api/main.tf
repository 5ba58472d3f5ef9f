resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "Flights for third parties"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.this.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.jwt.issuer
    audience = var.jwt.audiences
  }
}

resource "aws_apigatewayv2_integration" "function" {
  api_id                 = aws_apigatewayv2_api.this.id
  description            = "The function"
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = var.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000
}

resource "aws_apigatewayv2_route" "this" {
  for_each = var.routes

  api_id               = aws_apigatewayv2_api.this.id
  route_key            = each.key
  target               = "integrations/${aws_apigatewayv2_integration.function.id}"
  authorization_type   = length(each.value) > 0 ? "JWT" : "NONE"
  authorizer_id        = length(each.value) > 0 ? aws_apigatewayv2_authorizer.jwt.id : null
  authorization_scopes = length(each.value) > 0 ? each.value : null
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  description = "The only stage"
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(local.access_log)
  }
}

locals {
  # Who asked for what, and what came of it. No token, no query: those are the caller's.
  access_log = {
    authorizer_error  = "$context.authorizer.error"
    client            = "$context.authorizer.claims.sub"
    integration_error = "$context.integrationErrorMessage"
    integration_ms    = "$context.integrationLatency"
    ip                = "$context.identity.sourceIp"
    latency_ms        = "$context.responseLatency"
    length            = "$context.responseLength"
    request_id        = "$context.requestId"
    route             = "$context.routeKey"
    status            = "$context.status"
    time              = "$context.requestTimeEpoch"
  }
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

resource "aws_lambda_permission" "api" {
  statement_id  = "AllowApi"
  action        = "lambda:InvokeFunction"
  function_name = var.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}
