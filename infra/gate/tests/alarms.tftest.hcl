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
    condition = {
      for name in ["requests-age", "undelivered-depth", "undelivered-requests"] : name => join(" ", [
        aws_cloudwatch_metric_alarm.this[name].metric_name, one(values(aws_cloudwatch_metric_alarm.this[name].dimensions)),
      ])
      } == {
      requests-age         = "ApproximateAgeOfOldestMessage clearance-test-requests"
      undelivered-depth    = "ApproximateNumberOfMessagesVisible clearance-test-undelivered"
      undelivered-requests = "Invocations clearance-test-undelivered"
    }
    error_message = "Each alarm looks at its own queue or function."
  }

  assert {
    condition = alltrue(flatten([
      for function in ["receiver", "undelivered", "worker"] : [
        for name, metric in { errors = "Errors", throttles = "Throttles" } : aws_cloudwatch_metric_alarm.this["${function}-${name}"].metric_name == metric &&
        aws_cloudwatch_metric_alarm.this["${function}-${name}"].dimensions == tomap({ FunctionName = "clearance-test-${function}" })
      ]
    ]))
    error_message = "Errors and throttles of each function are its own."
  }

  assert {
    condition = {
      for query in aws_cloudwatch_metric_alarm.silence.metric_query : query.id => [one(query.metric[*].metric_name), one(query.metric[*].period)] if query.id != "silence"
      } == {
      answered = [aws_cloudwatch_log_metric_filter.ending["worker-answered"].metric_transformation[0].name, 3600]
      asked    = ["NumberOfMessagesSent", 3600]
    }
    error_message = "The alarm for silence compares an hour's requests with the answers that the log tells of."
  }

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == module.telemetry_key.arn
    error_message = "What the alarms tell is encrypted."
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
