# The function is bounded, bound to its package, and holds no password.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "holds_no_password" {
  command = plan

  assert {
    condition     = keys(aws_lambda_function.service.environment[0].variables) == tolist(["FLIGHTS_DB_AUTH", "FLIGHTS_DB_DSN", "FLIGHTS_STAGE"])
    error_message = "The environment names the database, the way to sign in and the stage, and nothing else."
  }

  assert {
    condition     = aws_lambda_function.service.environment[0].variables.FLIGHTS_DB_AUTH == "iam"
    error_message = "The function signs in by IAM."
  }

  assert {
    condition     = strcontains(aws_lambda_function.service.environment[0].variables.FLIGHTS_DB_DSN, "host=flights-test.proxy-abc.eu-central-1.rds.amazonaws.com ") && strcontains(aws_lambda_function.service.environment[0].variables.FLIGHTS_DB_DSN, "sslmode=verify-full")
    error_message = "The function talks to the proxy, and checks that it is the proxy."
  }
}

run "is_bounded" {
  command = plan

  assert {
    condition     = aws_lambda_function.service.reserved_concurrent_executions == 20 && aws_lambda_function.service.timeout == 15
    error_message = "No flood of requests may use up the account's concurrency or the database's connections."
  }

  assert {
    condition     = length(aws_lambda_function.service.vpc_config) == 1 && aws_lambda_function.service.tracing_config[0].mode == "Active"
    error_message = "The function lives in the private network, and is traced."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.retention_in_days == 365 && aws_cloudwatch_log_group.function.name == "/aws/lambda/flights-test"
    error_message = "The function's log is kept for a year."
  }
}

run "takes_a_file" {
  command = plan

  assert {
    condition     = aws_lambda_function.service.filename == "flights.zip" && aws_lambda_function.service.source_code_hash == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    error_message = "The run is bound to the digest of the package."
  }
}

run "takes_a_version_of_an_object" {
  command = plan

  variables {
    package = {
      sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      s3     = { bucket = "packages", key = "flights.zip", version = "v1" }
    }
  }

  assert {
    condition     = aws_lambda_function.service.filename == null && aws_lambda_function.service.s3_object_version == "v1"
    error_message = "An object is named with its version, so that it cannot be exchanged."
  }
}
