resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = module.telemetry_key.arn
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

locals {
  api      = { ApiId = module.api.id }
  database = { DBInstanceIdentifier = module.database.identifier }
  function = { FunctionName = aws_lambda_function.service.function_name }
  proxy    = { ProxyName = module.database.proxy_name }

  # How low the burst credits of db.t4g may fall is in CPUUtilization already: unlimited mode costs, it does not stall.
  # Each: what it means, the series, and how many of how many periods must breach. Missing data breach nothing.
  alarms = {
    api-latency = {
      description = "The slowest hundredth of the requests takes over 2 s: look at the database's time in the function's log."
      namespace   = "AWS/ApiGateway", metric = "Latency", dimensions = local.api
      statistic   = "p99", comparison = "GreaterThanThreshold", threshold = 2000
      period_s    = 300, breaching = 3, of = 5
    }
    database-cpu = {
      description = "The database computes without a pause: look for the statement in Performance Insights."
      namespace   = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database
      statistic   = "Average", comparison = "GreaterThanThreshold", threshold = 90
      period_s    = 300, breaching = 3, of = 3
    }
    database-storage = {
      description = "Less than a tenth of the database's first storage is free, and it did not grow by itself: is it at its maximum?"
      namespace   = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database
      statistic   = "Minimum", comparison = "LessThanThreshold", threshold = var.database.storage_gib * pow(1024, 3) / 10
      period_s    = 300, breaching = 1, of = 1
    }
    function-errors = {
      description = "The function crashed or ran out of time, which the service itself cannot count: read its log."
      namespace   = "AWS/Lambda", metric = "Errors", dimensions = local.function
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period_s    = 60, breaching = 3, of = 5
    }
    function-throttles = {
      description = "Requests were turned away, since all of the function's reserved concurrency was in use."
      namespace   = "AWS/Lambda", metric = "Throttles", dimensions = local.function
      statistic   = "Sum", comparison = "GreaterThanThreshold", threshold = 0
      period_s    = 60, breaching = 3, of = 5
    }
    proxy-borrow = {
      description = "Requests wait over a second for a connection to the database: the pool is too small or transactions too long."
      namespace   = "AWS/RDS", metric = "DatabaseConnectionsBorrowLatency", dimensions = local.proxy
      statistic   = "Average", comparison = "GreaterThanThreshold", threshold = 1000000
      period_s    = 60, breaching = 3, of = 5
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period_s
  datapoints_to_alarm = each.value.breaching
  evaluation_periods  = each.value.of
  treat_missing_data  = "notBreaching"

  # A percentile of few requests is one request's bad luck.
  evaluate_low_sample_count_percentiles = startswith(each.value.statistic, "p") ? "ignore" : null

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "api_faults" {
  alarm_name          = "${local.name}-api-faults"
  alarm_description   = "More than one in twenty requests fails on our side. At fewer than 20 requests in 5 minutes, silent."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.05
  datapoints_to_alarm = 2
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "ratio"
    expression  = "IF(requests >= 20, faults / requests, 0)"
    label       = "Faults by requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { faults = "5xx", requests = "Count" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApiGateway"
        metric_name = metric_query.value
        dimensions  = local.api
        stat        = "Sum"
        period      = 300
      }
    }
  }

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

# Every alarm on the service's own metrics stays silent when the metrics stop. This one does not.
resource "aws_cloudwatch_metric_alarm" "silence" {
  alarm_name          = "${local.name}-silence"
  alarm_description   = "Requests reach the API, but the service has stopped reporting its metrics: the other alarms see nothing."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  datapoints_to_alarm = 3
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "unreported"
    expression  = "IF(requests >= 5 AND FILL(reported, 0) == 0, 1, 0)"
    label       = "Requests without a report"
    return_data = true
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = local.function
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id = "reported"

    metric {
      namespace   = "FlightsQuality"
      metric_name = "fault"
      dimensions  = { service = "flights", stage = var.stage }
      stat        = "SampleCount"
      period      = 300
    }
  }

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
