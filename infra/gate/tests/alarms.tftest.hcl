# Whoever is on duty hears of what holds runs up.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "what_holds_runs_up_is_told" {
  command = plan

  variables {
    alarm_emails = ["someone@example.com"]
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn])]) && aws_cloudwatch_metric_alarm.silence.alarm_actions == toset([aws_sns_topic.alarms.arn])
    error_message = "An alarm without an action is none."
  }

  assert {
    condition     = toset(keys(aws_sns_topic_subscription.email)) == toset(["someone@example.com"])
    error_message = "The alarms' topic has who was named."
  }

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "api-faults", "api-refusals", "requests-age", "unanswered", "undelivered-depth", "undelivered-requests",
      "receiver-errors", "receiver-throttles", "undelivered-errors", "undelivered-throttles", "worker-errors", "worker-throttles",
    ])
    error_message = "Age, depth, errors, throttles and answers that do not arrive each have an alarm."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["requests-age"].threshold < 600
    error_message = "The alarm comes before Terraform Cloud's ten minutes are over."
  }

  assert {
    condition = contains(
      [for filter in aws_cloudwatch_log_metric_filter.ending : [filter.metric_transformation[0].namespace, filter.metric_transformation[0].name]],
      [aws_cloudwatch_metric_alarm.this["unanswered"].namespace, aws_cloudwatch_metric_alarm.this["unanswered"].metric_name],
    ) && try(length(aws_cloudwatch_metric_alarm.this["unanswered"].dimensions), 0) == 0
    error_message = "The alarm looks at the very series that the log filters write, which has no dimensions."
  }

  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.ending) == 4
    error_message = "Answers are counted in both logs that tell of them."
  }

  assert {
    condition     = aws_cloudwatch_log_group.api.retention_in_days == 365 && aws_cloudwatch_log_group.api.kms_key_id == module.telemetry_key.arn
    error_message = "The access log is encrypted and kept for a year."
  }
}
