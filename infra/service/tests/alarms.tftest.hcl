# Every alarm tells somebody, both ways, and is silent where there is no traffic.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:mock" }
  }

  mock_resource "aws_db_proxy" {
    defaults = {
      arn      = "arn:aws:rds:eu-central-1:111122223333:db-proxy:prx-0123456789abcdef0"
      endpoint = "flights-test.proxy-abc.eu-central-1.rds.amazonaws.com"
    }
  }

  mock_resource "aws_db_instance" {
    defaults = {
      address     = "flights-test.abc.eu-central-1.rds.amazonaws.com"
      resource_id = "db-ABCDEFGHIJKL"
    }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/mock" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/mock" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:111122223333:key/mock" }
  }

  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:eu-central-1:111122223333:function:flights-test"
      invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/mock/invocations"
    }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mock" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:111122223333:flights-test-alarms" }
  }
}

variables {
  account_id         = "111122223333"
  alarm_emails       = []
  availability_zones = ["eu-central-1a", "eu-central-1b"]
  jwt                = { issuer = "https://issuer.example.com/", audiences = ["flights"] }
  operator_image_id  = null
  package            = { path = "flights.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  region             = "eu-central-1"
  stage              = "test"
}

run "tells_somebody" {
  command = plan

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), [aws_cloudwatch_metric_alarm.api_faults, aws_cloudwatch_metric_alarm.silence]) :
      alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && alarm.ok_actions == toset([aws_sns_topic.alarms.arn])
    ])
    error_message = "An alarm that tells nobody is none, and one that never says that it is over is not read again."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), [aws_cloudwatch_metric_alarm.api_faults, aws_cloudwatch_metric_alarm.silence]) :
      alarm.treat_missing_data == "notBreaching" && length(alarm.alarm_description) > 40
    ])
    error_message = "A night without requests wakes nobody, and who is woken reads what it means."
  }
}

run "watches_every_part" {
  command = plan

  assert {
    condition = keys(aws_cloudwatch_metric_alarm.this) == [
      "api-latency", "database-cpu", "database-storage", "function-errors", "function-throttles", "proxy-borrow",
    ]
    error_message = "API, function, proxy and database each have an alarm."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["database-storage"].threshold == 2147483648
    error_message = "A tenth of 20 GiB is 2 GiB, in bytes."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["api-latency"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.this["api-latency"].evaluate_low_sample_count_percentiles == "ignore"
    error_message = "The slowest of few requests says nothing."
  }
}

run "encrypts_and_subscribes" {
  command = plan

  variables {
    alarm_emails = ["sre@example.com"]
  }

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == "arn:aws:kms:eu-central-1:111122223333:key/mock" && keys(aws_sns_topic_subscription.email) == ["sre@example.com"]
    error_message = "The topic is encrypted, and every address is told."
  }
}
