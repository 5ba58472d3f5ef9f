# Every alarm tells somebody, both ways, and is silent where there is no traffic.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
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
