# What each role may do: these actions on these resources under these conditions, and nothing else.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

override_resource {
  target          = aws_secretsmanager_secret.this["hmac"]
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:hmac" }
}

override_resource {
  target          = aws_secretsmanager_secret.this["plan"]
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:plan" }
}

override_resource {
  target          = module.data_key.aws_kms_key.this
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:111122223333:key/data" }
}

run "every_statement_is_one_that_is_needed" {
  command = plan

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.receiver.statement : statement.sid => {
        actions   = statement.actions
        resources = statement.resources
        when      = { for condition in statement.condition : condition.variable => "${condition.test} ${one(condition.values)}" }
      }
      } == {
      CheckSignatures = {
        actions   = toset(["secretsmanager:GetSecretValue"])
        resources = toset(["arn:aws:secretsmanager:eu-central-1:111122223333:secret:hmac"])
        when      = {}
      }
      DecryptTheSecret = {
        actions   = toset(["kms:Decrypt"])
        resources = toset(["arn:aws:kms:eu-central-1:111122223333:key/data"])
        when      = { "kms:EncryptionContext:SecretARN" = "StringEquals arn:aws:secretsmanager:eu-central-1:111122223333:secret:hmac" }
      }
      Queue = {
        actions   = toset(["sqs:SendMessage"])
        resources = toset(["arn:aws:sqs:eu-central-1:111122223333:clearance-test-requests"])
        when      = {}
      }
    }
    error_message = "The receiver reads one secret and sends to one queue."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.worker.statement : statement.sid => {
        actions   = statement.actions
        resources = statement.resources
        when      = { for condition in statement.condition : condition.variable => "${condition.test} ${one(condition.values)}" }
      }
      } == {
      DecryptTheSecret = {
        actions   = toset(["kms:Decrypt"])
        resources = toset(["arn:aws:kms:eu-central-1:111122223333:key/data"])
        when      = { "kms:EncryptionContext:SecretARN" = "StringEquals arn:aws:secretsmanager:eu-central-1:111122223333:secret:plan" }
      }
      DecryptTheShelf = {
        actions   = toset(["kms:Decrypt"])
        resources = toset(["arn:aws:kms:eu-central-1:111122223333:key/data"])
        when      = { "kms:ViaService" = "StringEquals s3.eu-central-1.amazonaws.com" }
      }
      LetRequestsRest = {
        actions   = toset(["sqs:SendMessage"])
        resources = toset(["arn:aws:sqs:eu-central-1:111122223333:clearance-test-requests"])
        when      = {}
      }
      ListTheShelf = {
        actions   = toset(["s3:ListBucket", "s3:ListBucketVersions"])
        resources = toset(["arn:aws:s3:::clearance-test-shelf-111122223333"])
        when      = {}
      }
      ReadTheShelf = {
        actions   = toset(["s3:GetObject", "s3:GetObjectVersion"])
        resources = toset(["arn:aws:s3:::clearance-test-shelf-111122223333/*"])
        when      = {}
      }
      RememberPlans = {
        actions   = toset(["secretsmanager:GetSecretValue"])
        resources = toset(["arn:aws:secretsmanager:eu-central-1:111122223333:secret:plan"])
        when      = {}
      }
      TakeRequests = {
        actions   = toset(["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"])
        resources = toset(["arn:aws:sqs:eu-central-1:111122223333:clearance-test-requests"])
        when      = {}
      }
    }
    error_message = "The worker takes requests from one queue, reads the shelf and one secret, and writes nowhere else."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.undelivered.statement : statement.sid => {
        actions   = statement.actions
        resources = statement.resources
        when      = { for condition in statement.condition : condition.variable => "${condition.test} ${one(condition.values)}" }
      }
      } == {
      TakeRequests = {
        actions   = toset(["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"])
        resources = toset(["arn:aws:sqs:eu-central-1:111122223333:clearance-test-undelivered"])
        when      = {}
      }
    }
    error_message = "Whoever answers for dead workers takes requests from the dead letters, and neither reads the shelf nor a secret."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.state.statement : [statement.actions, statement.resources]
    ] == [[toset(["dynamodb:GetItem", "dynamodb:UpdateItem"]), toset(["arn:aws:dynamodb:eu-central-1:111122223333:table/clearance-test"])]]
    error_message = "Both remember in one table, of which nothing is deleted or listed."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.workflow.statement : statement.sid => {
        actions   = statement.actions
        resources = statement.resources
        when      = { for condition in statement.condition : condition.variable => "${condition.test} ${one(condition.values)}" }
      }
      } == {
      EncryptTheShelf = {
        actions   = toset(["kms:Decrypt", "kms:GenerateDataKey"])
        resources = toset(["arn:aws:kms:eu-central-1:111122223333:key/data"])
        when      = { "kms:ViaService" = "StringEquals s3.eu-central-1.amazonaws.com" }
      }
      File = {
        actions   = toset(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"])
        resources = toset(["arn:aws:s3:::clearance-test-shelf-111122223333/*"])
        when      = {}
      }
      LookAtTheShelf = {
        actions   = toset(["s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning", "s3:ListBucket", "s3:ListBucketVersions"])
        resources = toset(["arn:aws:s3:::clearance-test-shelf-111122223333"])
        when      = {}
      }
    }
    error_message = "The workflow's role files on one shelf, and deletes nothing there."
  }
}

run "a_function_is_closed" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name               = "clearance-test-worker"
    description        = "Test"
    handler            = "test"
    package            = null
    environment        = {}
    memory_mb          = 512
    timeout_s          = 60
    concurrency        = 2
    policy             = "{}"
    partition          = "aws"
    data_key_arn       = "arn:aws:kms:eu-central-1:111122223333:key/data"
    log_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/telemetry"
    log_retention_days = 365
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == "arn:aws:kms:eu-central-1:111122223333:key/data" && aws_lambda_function.this.reserved_concurrent_executions == 2
    error_message = "Its environment is encrypted, and it may not take all of the account's concurrency."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == "arn:aws:kms:eu-central-1:111122223333:key/telemetry" && aws_cloudwatch_log_group.this.retention_in_days == 365
    error_message = "Its log is encrypted and kept for a year."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.trust.statement : [statement.actions, statement.principals]
    ] == [[toset(["sts:AssumeRole"]), toset([{ type = "Service", identifiers = toset(["lambda.amazonaws.com"]) }])]]
    error_message = "Nobody but Lambda takes on its role."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.log.statement : [statement.actions, statement.resources]
    ] == [[toset(["logs:CreateLogStream", "logs:PutLogEvents"]), toset(["arn:aws:logs:eu-central-1:111122223333:log-group:mock:*"])]]
    error_message = "It writes its own log."
  }
}
