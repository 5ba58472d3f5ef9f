locals {
  undelivered_timeout_s = 60

  # What a worker is told; the function for undelivered requests needs no more than `answering`.
  answering = {
    CLEARANCE_RUNTASK_HOSTS        = join(",", var.terraform_hosts)
    CLEARANCE_RUNTASK_SEAL_KEY_ARN = module.requests_key.arn
    CLEARANCE_RUNTASK_TABLE        = aws_dynamodb_table.state.name
  }
}

# Fetches, judges, calls back. The policy and the trust file of the protected branch lie in its image.
module "worker" {
  source = "./modules/function"

  name        = "${local.name}-worker"
  description = "Decides on requests of Terraform Cloud"
  handler     = "clearance.runtask.aws.work"
  image       = var.image

  memory_mb   = var.worker.memory_mb
  timeout_s   = var.worker.timeout_s
  concurrency = var.worker.concurrency
  scratch_mb  = 2048
  policy      = data.aws_iam_policy_document.worker.json

  environment = merge(local.answering, {
    CLEARANCE_RUNTASK_CANARY_URL      = var.canary_url
    CLEARANCE_RUNTASK_PLAN_SECRET_ARN = aws_secretsmanager_secret.this["plan"].arn
    CLEARANCE_RUNTASK_POLICY_DIGEST   = var.policy_digest
    CLEARANCE_RUNTASK_QUEUE_URL       = aws_sqs_queue.requests.url
    CLEARANCE_RUNTASK_SHELF           = "s3://${aws_s3_bucket.shelf.bucket}"
  })

  data_key_arn       = module.data_key.arn
  log_key_arn        = module.telemetry_key.arn
  log_retention_days = var.log_retention_days
  partition          = local.partition
}

resource "aws_lambda_event_source_mapping" "worker" {
  event_source_arn        = aws_sqs_queue.requests.arn
  function_name           = module.worker.arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.worker.concurrency
  }
}

# Answers `failed` to what no worker could finish.
module "undelivered" {
  source = "./modules/function"

  name        = "${local.name}-undelivered"
  description = "Answers requests of Terraform Cloud that no worker could finish"
  handler     = "clearance.runtask.aws.give_up"
  image       = var.image

  memory_mb   = 512
  timeout_s   = local.undelivered_timeout_s
  concurrency = 2
  policy      = data.aws_iam_policy_document.undelivered.json
  environment = local.answering

  data_key_arn       = module.data_key.arn
  log_key_arn        = module.telemetry_key.arn
  log_retention_days = var.log_retention_days
  partition          = local.partition
}

resource "aws_lambda_event_source_mapping" "undelivered" {
  event_source_arn        = aws_sqs_queue.undelivered.arn
  function_name           = module.undelivered.arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }
}

data "aws_iam_policy_document" "worker" {
  source_policy_documents = [data.aws_iam_policy_document.state.json]

  statement {
    sid       = "TakeRequests"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [local.queue_arn]
  }

  # What must wait for its evidence is sent again, later.
  statement {
    sid       = "LetRequestsRest"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]
  }

  statement {
    sid       = "ReadTheShelf"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${aws_s3_bucket.shelf.arn}/*"]
  }

  statement {
    sid       = "ListTheShelf"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [aws_s3_bucket.shelf.arn]
  }

  statement {
    sid       = "DecryptTheShelf"
    actions   = ["kms:Decrypt"]
    resources = [module.data_key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }

  statement {
    sid       = "RememberPlans"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.this["plan"].arn]
  }

  statement {
    sid       = "DecryptTheSecret"
    actions   = ["kms:Decrypt"]
    resources = [module.data_key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:SecretARN"
      values   = [aws_secretsmanager_secret.this["plan"].arn]
    }
  }
}

data "aws_iam_policy_document" "undelivered" {
  source_policy_documents = [data.aws_iam_policy_document.state.json]

  statement {
    sid       = "TakeRequests"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [local.undelivered_arn]
  }
}

data "aws_iam_policy_document" "state" {
  statement {
    sid       = "Remember"
    actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.state.arn]
  }
}
