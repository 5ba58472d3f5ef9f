# Who may open what: nobody but the worker opens a request, and nobody but one workflow signs.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

override_resource {
  target          = module.receiver.aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/receiver" }
}

override_resource {
  target          = module.worker.aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/worker" }
}

override_resource {
  target          = module.undelivered.aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/undelivered" }
}

override_resource {
  target          = aws_iam_role.workflow
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/workflow" }
}

run "one_role_for_each_use" {
  command = plan

  assert {
    condition = toset(flatten([
      for use in module.requests_key.policy.Statement : use.Principal.AWS
      if contains(flatten([use.Action]), "kms:Decrypt") && !can(use.Condition)
    ])) == toset(["arn:aws:iam::111122223333:role/undelivered", "arn:aws:iam::111122223333:role/worker"])
    error_message = "Only worker and undelivered open what is closed under the requests' key."
  }

  assert {
    condition = [
      for use in module.requests_key.policy.Statement : use.Condition.StringEquals
      if contains(flatten([use.Action]), "kms:Decrypt") && strcontains(use.Principal.AWS, "receiver")
      ] == [{
        "kms:EncryptionContext:aws:sqs:arn" = "arn:aws:sqs:eu-central-1:111122223333:clearance-test-requests"
        "kms:ViaService"                    = "sqs.eu-central-1.amazonaws.com"
    }]
    error_message = "The receiver decrypts the queue's own data key through SQS, and nothing else."
  }

  assert {
    condition = alltrue([
      for use in module.requests_key.policy.Statement : !contains(flatten([use.Action]), "kms:*") && !contains(flatten([use.Action]), "kms:Decrypt")
      if strcontains(use.Principal.AWS, ":root")
    ])
    error_message = "No IAM policy of the account may open requests."
  }

  assert {
    condition = toset([
      for use in concat(module.requests_key.policy.Statement, module.data_key.policy.Statement, module.signing_key.policy.Statement, module.telemetry_key.policy.Statement) :
      try(use.Condition.StringEquals["kms:ViaService"], "by hand") if contains(flatten([use.Action]), "kms:CreateGrant")
    ]) == toset(["dynamodb.eu-central-1.amazonaws.com", "lambda.eu-central-1.amazonaws.com"])
    error_message = "Nobody grants a key's use to anybody by hand."
  }

  assert {
    condition = [
      for use in module.signing_key.policy.Statement : use.Principal.AWS if contains(flatten([use.Action]), "kms:Sign")
    ] == ["arn:aws:iam::111122223333:role/workflow"]
    error_message = "Only the workflow's role signs."
  }

  assert {
    condition = {
      for use in concat(module.data_key.policy.Statement, module.signing_key.policy.Statement, module.telemetry_key.policy.Statement) : use.Sid => use.Condition if can(use.Condition)
      } == {
      AccountUsesByIam = { StringEquals = { "kms:CallerAccount" = "111122223333" } }
      AlarmsPublish    = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
      LambdaOpensEnvironments = {
        StringEquals = { "kms:CallerAccount" = "111122223333", "kms:ViaService" = "lambda.eu-central-1.amazonaws.com" }
      }
      LogsKeep      = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:111122223333:log-group:*" } }
      WorkflowSigns = { StringEquals = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" } }
    }
    error_message = "Services use a key for this account alone, and the signing key signs in one way."
  }

  assert {
    condition     = module.signing_key.spec == "ECC_NIST_P256"
    error_message = "Verdicts are signed by ECDSA on P-256, which the trust file knows."
  }
}

run "keys_are_slow_to_go" {
  command = plan

  module {
    source = "./modules/key"
  }

  variables {
    account_id  = "111122223333"
    alias       = "clearance-test"
    description = "Test"
    partition   = "aws"
    uses        = {}
  }

  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 30 && aws_kms_key.this.enable_key_rotation
    error_message = "A key rotates, and whoever deletes it has 30 days to think better of it."
  }

  assert {
    condition     = length(jsondecode(aws_kms_key.this.policy).Statement) == 1
    error_message = "Unless somebody is named, nobody uses the key."
  }
}

run "a_signing_key_does_not_rotate" {
  command = plan

  module {
    source = "./modules/key"
  }

  variables {
    account_id  = "111122223333"
    alias       = "clearance-test"
    description = "Test"
    partition   = "aws"
    signs       = true
    uses        = {}
  }

  assert {
    condition     = aws_kms_key.this.key_usage == "SIGN_VERIFY" && !aws_kms_key.this.enable_key_rotation
    error_message = "KMS refuses to rotate a signing key."
  }
}
