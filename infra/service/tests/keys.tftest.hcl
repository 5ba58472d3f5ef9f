# Keys rotate, and open to a service only under a condition.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "rotates_and_is_slow_to_go" {
  command = plan

  module {
    source = "./modules/key"
  }

  variables {
    account_id  = "111122223333"
    alias       = "flights-test-data"
    description = "Test"
    partition   = "aws"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key must be rotated every year."
  }

  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 30
    error_message = "Whoever deletes a key must have 30 days to think better of it."
  }

  assert {
    condition     = length(jsondecode(aws_kms_key.this.policy).Statement) == 1
    error_message = "Unless services are named, IAM alone decides."
  }
}

run "lets_a_service_in_under_its_condition" {
  command = plan

  module {
    source = "./modules/key"
  }

  variables {
    account_id  = "111122223333"
    alias       = "flights-test-telemetry"
    description = "Test"
    partition   = "aws"
    services = {
      alarms = {
        principal = "cloudwatch.amazonaws.com"
        condition = { test = "StringEquals", variable = "aws:SourceAccount", value = "111122223333" }
      }
    }
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[1].Condition == {
      StringEquals = { "aws:SourceAccount" = "111122223333" }
    }
    error_message = "A service must not use the key for other accounts."
  }
}
