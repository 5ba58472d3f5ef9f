# Checks a signature, closes what was asked, queues it, answers. It can read one secret and send to one queue.
module "receiver" {
  source = "./modules/function"

  name        = "${local.name}-receiver"
  description = "Takes requests of Terraform Cloud in"
  handler     = "clearance.runtask.aws.receive"
  package     = var.package

  memory_mb   = 512
  timeout_s   = 10
  concurrency = var.receiver_concurrency
  policy      = data.aws_iam_policy_document.receiver.json

  environment = {
    CLEARANCE_RUNTASK_HMAC_SECRET_ARN = aws_secretsmanager_secret.this["hmac"].arn
    CLEARANCE_RUNTASK_QUEUE_URL       = aws_sqs_queue.requests.url
    CLEARANCE_RUNTASK_SEAL_KEY_ARN    = module.requests_key.arn
  }

  data_key_arn       = module.data_key.arn
  log_key_arn        = module.telemetry_key.arn
  log_retention_days = var.log_retention_days
  partition          = local.partition
}

data "aws_iam_policy_document" "receiver" {
  statement {
    sid       = "CheckSignatures"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.this["hmac"].arn]
  }

  statement {
    sid       = "DecryptTheSecret"
    actions   = ["kms:Decrypt"]
    resources = [module.data_key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:SecretARN"
      values   = [aws_secretsmanager_secret.this["hmac"].arn]
    }
  }

  statement {
    sid       = "Queue"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]
  }
}
