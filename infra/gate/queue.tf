locals {
  # Named, not referred to, where a key's policy and a queue would need each other first.
  queue_arn       = "arn:${local.partition}:sqs:${var.region}:${var.account_id}:${local.name}-requests"
  undelivered_arn = "arn:${local.partition}:sqs:${var.region}:${var.account_id}:${local.name}-undelivered"
}

resource "aws_sqs_queue" "requests" {
  name                              = "${local.name}-requests"
  kms_master_key_id                 = module.requests_key.arn
  kms_data_key_reuse_period_seconds = 300
  message_retention_seconds         = local.request_retention_s

  # Longer than a worker may take, and short enough that who takes over from a dead one still speaks up in time.
  visibility_timeout_seconds = var.worker.timeout_s + 30

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.undelivered.arn
    maxReceiveCount     = 3
  })
}

# What no worker could finish: answered `failed` by a function of its own, since silence would hold the run for an hour.
resource "aws_sqs_queue" "undelivered" {
  name                              = "${local.name}-undelivered"
  kms_master_key_id                 = module.requests_key.arn
  kms_data_key_reuse_period_seconds = 300
  message_retention_seconds         = 2 * local.request_retention_s
  visibility_timeout_seconds        = 6 * local.undelivered_timeout_s
}

resource "aws_sqs_queue_redrive_allow_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.requests.arn]
  })
}

resource "aws_sqs_queue_policy" "this" {
  for_each = { requests = aws_sqs_queue.requests, undelivered = aws_sqs_queue.undelivered }

  queue_url = each.value.id
  policy    = data.aws_iam_policy_document.queue[each.key].json
}

data "aws_iam_policy_document" "queue" {
  for_each = { requests = local.queue_arn, undelivered = local.undelivered_arn }

  statement {
    sid       = "TlsAlone"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
