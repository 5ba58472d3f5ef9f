# What was asked of us holds a token that can fetch plans and answer in our name. The receiver closes it under this key,
# hands it on and cannot open it again; the queue and the table lie under the same key. SQS makes whoever sends decrypt
# the queue's own data key, so the receiver may do that, through SQS, for this queue and nothing else.
module "requests_key" {
  source = "./modules/key"

  account_id  = var.account_id
  alias       = "${local.name}-requests"
  description = "Requests of Terraform Cloud, their queue and the table of ${local.name}"
  partition   = local.partition

  uses = {
    DynamoDbKeepsTheTable = {
      principal = { type = "AWS", id = local.root_arn }
      actions   = ["kms:CreateGrant"]
      equals    = { "kms:ViaService" = "dynamodb.${var.region}.amazonaws.com", "kms:CallerAccount" = var.account_id }
    }
    ReceiverCloses = {
      principal = { type = "AWS", id = module.receiver.role_arn }
      actions   = ["kms:Encrypt"]
    }
    ReceiverSends = {
      principal = { type = "AWS", id = module.receiver.role_arn }
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      equals = {
        "kms:ViaService"                    = "sqs.${var.region}.amazonaws.com"
        "kms:EncryptionContext:aws:sqs:arn" = local.queue_arn
      }
    }
    UndeliveredOpens = {
      principal = { type = "AWS", id = module.undelivered.role_arn }
      actions   = ["kms:Decrypt"]
    }
    WorkerOpens = {
      principal = { type = "AWS", id = module.worker.role_arn }
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"] # the second to send what must rest
    }
  }
}

# Signs verdicts. The key never leaves KMS; the one workflow of the protected branch that may use it runs no code of a
# change. Its public half goes into the trust file: see docs/how-to/bootstrap.md.
module "signing_key" {
  source = "./modules/key"

  account_id  = var.account_id
  alias       = "${local.name}-verdicts"
  description = "Signs the verdicts of ${local.name}"
  partition   = local.partition
  signs       = true

  uses = {
    WorkflowSigns = {
      principal = { type = "AWS", id = aws_iam_role.workflow.arn }
      actions   = ["kms:Sign"]
      equals    = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" }
    }
    WorkflowReadsThePublicKey = {
      principal = { type = "AWS", id = aws_iam_role.workflow.arn }
      actions   = ["kms:DescribeKey", "kms:GetPublicKey"]
    }
  }
}

# The shelf, the secrets and the functions' environments: here IAM decides who uses it.
module "data_key" {
  source = "./modules/key"

  account_id  = var.account_id
  alias       = "${local.name}-data"
  description = "Shelf, secrets and function environments of ${local.name}"
  partition   = local.partition

  uses = {
    AccountUsesByIam = {
      principal = { type = "AWS", id = local.root_arn }
      actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      equals    = { "kms:CallerAccount" = var.account_id }
    }
    # Not by hand: a grant may be to anybody, of another account too.
    LambdaOpensEnvironments = {
      principal = { type = "AWS", id = local.root_arn }
      actions   = ["kms:CreateGrant"]
      equals    = { "kms:ViaService" = "lambda.${var.region}.amazonaws.com", "kms:CallerAccount" = var.account_id }
    }
  }
}

# What is told: the logs and the alarms' topic.
module "telemetry_key" {
  source = "./modules/key"

  account_id  = var.account_id
  alias       = "${local.name}-telemetry"
  description = "Logs and alarms of ${local.name}"
  partition   = local.partition

  uses = {
    AlarmsPublish = {
      principal = { type = "Service", id = "cloudwatch.amazonaws.com" }
      actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
      equals    = { "aws:SourceAccount" = var.account_id }
    }
    LogsKeep = {
      principal = { type = "Service", id = "logs.${var.region}.amazonaws.com" }
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      like      = { "kms:EncryptionContext:aws:logs:arn" = "${local.logs_arn}:log-group:*" }
    }
  }
}
