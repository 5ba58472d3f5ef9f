# Whoever asks shows a token with a scope, except for the health of the service; nobody can ask without end.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  function_name      = "flights-test"
  invoke_arn         = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:flights-test/invocations"
  jwt                = { issuer = "https://issuer.example.com/", audiences = ["flights"] }
  log_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/telemetry"
  log_retention_days = 365
  name               = "flights-test"
  routes = {
    "GET /v1/flights"  = ["flights:read", "canary:read"]
    "GET /v1/health"   = []
    "POST /v1/flights" = ["flights:write"]
  }
  throttle = { rate = 100, burst = 200 }
}

run "asks_for_a_token" {
  command = plan

  module {
    source = "./modules/api"
  }

  assert {
    condition = { for key, route in aws_apigatewayv2_route.this : key => route.authorization_type } == {
      "GET /v1/flights"  = "JWT"
      "GET /v1/health"   = "NONE"
      "POST /v1/flights" = "JWT"
    }
    error_message = "A route with scopes is behind the authorizer."
  }

  assert {
    condition     = aws_apigatewayv2_route.this["POST /v1/flights"].authorization_scopes == toset(["flights:write"])
    error_message = "Who may read must not write."
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.jwt.jwt_configuration[0].issuer == "https://issuer.example.com/" && aws_apigatewayv2_authorizer.jwt.jwt_configuration[0].audience == toset(["flights"])
    error_message = "Tokens of other issuers and for other audiences are refused."
  }
}

run "limits_the_rate" {
  command = plan

  module {
    source = "./modules/api"
  }

  assert {
    condition     = aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 100 && aws_apigatewayv2_stage.default.default_route_settings[0].throttling_burst_limit == 200
    error_message = "Every route is throttled."
  }
}

run "keeps_an_access_log_without_tokens" {
  command = plan

  module {
    source = "./modules/api"
  }

  assert {
    condition     = aws_cloudwatch_log_group.access.retention_in_days == 365 && aws_cloudwatch_log_group.access.kms_key_id == var.log_key_arn
    error_message = "The access log is kept for a year, under our own key."
  }

  assert {
    condition     = alltrue([for word in ["header", "queryString", "rawPath"] : !strcontains(aws_apigatewayv2_stage.default.access_log_settings[0].format, word)])
    error_message = "What the caller sent does not belong into the log."
  }
}

run "alone_may_call_the_function" {
  command = plan

  module {
    source = "./modules/api"
  }

  assert {
    condition     = aws_lambda_permission.api.source_arn == "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/*/*"
    error_message = "No other API may call the function."
  }

  assert {
    condition     = aws_apigatewayv2_integration.function.payload_format_version == "2.0"
    error_message = "The service reads events of payload 2.0."
  }
}

run "reject_open_write" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    routes = { "POST /v1/flights" = [] }
  }

  expect_failures = [var.routes]
}

run "reject_catch_all" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    routes = { "$default" = ["flights:read"] }
  }

  expect_failures = [var.routes]
}
