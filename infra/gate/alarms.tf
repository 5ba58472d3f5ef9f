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
  functions = { receiver = module.receiver, worker = module.worker, undelivered = module.undelivered }
  namespace = "Clearance/${var.stage}"

  # What the worker's log says of each task that ended: see Ending in clearance/runtask/store.py.
  endings = {
    answered   = "?\", delivered\" ?\", answered before\""
    unanswered = "\", undeliverable\""
  }

  # Each: what it means, the series, and how many of how many periods must breach. Missing data breach nothing.
  alarms = merge(
    {
      api-faults = {
        description = "Requests could not be handed on, and Terraform Cloud was told to send them again: read the receiver's log."
        namespace   = "AWS/ApiGateway", metric = "5xx", dimensions = { ApiId = aws_apigatewayv2_api.this.id }
        statistic   = "Sum", threshold = 0, period_s = 60, breaching = 1, of = 1
      }
      api-refusals = {
        description = "Many requests bear no signature of ours: somebody knocks, or a key was replaced on one side alone."
        namespace   = "AWS/ApiGateway", metric = "4xx", dimensions = { ApiId = aws_apigatewayv2_api.this.id }
        statistic   = "Sum", threshold = 20, period_s = 300, breaching = 1, of = 1
      }
      requests-age = {
        description = "A request waits for over five minutes, and after ten Terraform Cloud fails the run: look at the worker."
        namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = aws_sqs_queue.requests.name }
        statistic   = "Maximum", threshold = 300, period_s = 60, breaching = 2, of = 2
      }
      undelivered-depth = {
        description = "A request that no worker could finish is not answered yet: its run hangs."
        namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = aws_sqs_queue.undelivered.name }
        statistic   = "Maximum", threshold = 0, period_s = 60, breaching = 1, of = 1
      }
      undelivered-requests = {
        description = "Three workers in a row failed at a request, and it was answered `failed`: read the worker's log."
        namespace   = "AWS/Lambda", metric = "Invocations", dimensions = { FunctionName = module.undelivered.name }
        statistic   = "Sum", threshold = 0, period_s = 60, breaching = 1, of = 1
      }
      unanswered = {
        description = "An answer could not be delivered to Terraform Cloud: the run fails by its silence, without a reason."
        namespace   = local.namespace, metric = "unanswered", dimensions = {}
        statistic   = "Sum", threshold = 0, period_s = 60, breaching = 1, of = 1
      }
    },
    { for name, function in local.functions : "${name}-errors" => {
      description = "The ${name} crashed or ran out of time, of which it can tell nothing itself: read its log."
      namespace   = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = function.name }
      statistic   = "Sum", threshold = 0, period_s = 60, breaching = 1, of = 1
    } },
    { for name, function in local.functions : "${name}-throttles" => {
      description = "The ${name} was not let run, since all of its reserved concurrency was in use."
      namespace   = "AWS/Lambda", metric = "Throttles", dimensions = { FunctionName = function.name }
      statistic   = "Sum", threshold = 0, period_s = 60, breaching = 3, of = 5
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = each.value.period_s
  datapoints_to_alarm = each.value.breaching
  evaluation_periods  = each.value.of
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_log_metric_filter" "ending" {
  for_each = { for pair in setproduct(["worker", "undelivered"], keys(local.endings)) : join("-", pair) => pair }

  name           = each.value[1]
  log_group_name = local.functions[each.value[0]].log_group_name
  pattern        = local.endings[each.value[1]]

  metric_transformation {
    namespace = local.namespace
    name      = each.value[1]
    value     = "1"
  }
}

# A worker that does not even come to its end says nothing. An hour is what Terraform Cloud waits at most.
resource "aws_cloudwatch_metric_alarm" "silence" {
  alarm_name          = "${local.name}-silence"
  alarm_description   = "For an hour requests were queued and none was answered: no callback reaches Terraform Cloud."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  datapoints_to_alarm = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "silence"
    expression  = "IF(asked > 0 AND FILL(answered, 0) == 0, 1, 0)"
    label       = "Requests without an answer"
    return_data = true
  }

  metric_query {
    id = "asked"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "NumberOfMessagesSent"
      dimensions  = { QueueName = aws_sqs_queue.requests.name }
      stat        = "Sum"
      period      = 3600
    }
  }

  metric_query {
    id = "answered"

    metric {
      namespace   = local.namespace
      metric_name = "answered"
      stat        = "Sum"
      period      = 3600
    }
  }

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
