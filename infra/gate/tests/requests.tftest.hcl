# What the three functions are given, and how requests get from one to the next.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "from_the_api_to_an_answer" {
  command = plan

  assert {
    condition     = keys(module.receiver.environment) == tolist(["CLEARANCE_RUNTASK_HMAC_SECRET_ARN", "CLEARANCE_RUNTASK_QUEUE_URL", "CLEARANCE_RUNTASK_SEAL_KEY_ARN"])
    error_message = "The receiver's environment names a secret, a queue and a key, and holds none of them."
  }

  assert {
    condition     = module.worker.environment.CLEARANCE_RUNTASK_POLICY_DIGEST == var.policy_digest && module.worker.environment.CLEARANCE_RUNTASK_HOSTS == "app.terraform.io"
    error_message = "The worker holds one policy, and calls one host."
  }

  assert {
    condition     = module.worker.image == var.image && module.undelivered.image == var.image
    error_message = "Worker and undelivered are the same image, by digest."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.requests.redrive_policy).maxReceiveCount == 3
    error_message = "After three workers a request is given to the function for undelivered ones."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.undelivered.function_name == module.undelivered.arn && aws_lambda_event_source_mapping.worker.batch_size == 1
    error_message = "The dead-letter queue has a consumer of its own."
  }

  assert {
    condition = alltrue([
      for mapping in [aws_lambda_event_source_mapping.worker, aws_lambda_event_source_mapping.undelivered] : mapping.function_response_types == toset(["ReportBatchItemFailures"])
    ])
    error_message = "What failed is delivered again, and not taken for done."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.undelivered.redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.requests.arn] }
    error_message = "The dead letters are those of one queue."
  }

  assert {
    condition = alltrue([
      for name, document in data.aws_iam_policy_document.queue : [for statement in document.statement : [statement.effect, one(statement.actions), one(statement.condition).variable, one(one(statement.condition).values)]] == [["Deny", "sqs:*", "aws:SecureTransport", "false"]]
    ])
    error_message = "Nobody speaks with a queue without TLS."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.kms_key_id == module.data_key.arn])
    error_message = "The secrets lie under a key of ours."
  }

  assert {
    condition     = aws_sqs_queue.requests.visibility_timeout_seconds > module.worker.timeout_s && aws_sqs_queue.requests.visibility_timeout_seconds <= 450
    error_message = "A request comes back after its worker's time is up, and before Terraform Cloud's ten minutes are."
  }

  assert {
    condition     = aws_sqs_queue.requests.kms_master_key_id == module.requests_key.arn && aws_sqs_queue.undelivered.kms_master_key_id == module.requests_key.arn && aws_dynamodb_table.state.server_side_encryption[0].kms_key_arn == module.requests_key.arn
    error_message = "Queues and table lie under the requests' key."
  }

  assert {
    condition     = aws_sqs_queue.requests.message_retention_seconds == 7200 && aws_dynamodb_table.state.ttl[0].enabled && aws_dynamodb_table.state.ttl[0].attribute_name == "expires"
    error_message = "A request is gone after two hours, what is remembered of it later."
  }

  assert {
    condition     = aws_dynamodb_table.state.point_in_time_recovery[0].enabled && aws_dynamodb_table.state.deletion_protection_enabled
    error_message = "The table can be restored, and not be deleted in passing."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 20 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 100
    error_message = "Strangers cannot ask without a limit."
  }

  assert {
    condition     = !can(regex("(?i)header|body|authorizer|\\$context.path|querystring", aws_apigatewayv2_stage.this.access_log_settings[0].format))
    error_message = "The access log has neither headers nor bodies."
  }

  assert {
    condition     = aws_lambda_permission.api.source_arn == "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/*/POST/"
    error_message = "The API calls the receiver by its one route."
  }

  assert {
    condition     = output.secret_names == { hmac = "clearance-test/hmac", plan = "clearance-test/plan" }
    error_message = "Terraform makes the secrets; somebody else fills them."
  }
}
