# The shelf keeps everything, and one role writes to it, for one subject.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "one_role_writes_what_stays" {
  command = plan

  assert {
    condition     = aws_s3_bucket.shelf.object_lock_enabled && !aws_s3_bucket.shelf.force_destroy && aws_s3_bucket_versioning.shelf.versioning_configuration[0].status == "Enabled"
    error_message = "Nothing that was filed is replaced."
  }

  assert {
    condition     = aws_s3_bucket_object_lock_configuration.shelf.rule[0].default_retention[0].mode == "COMPLIANCE" && aws_s3_bucket_object_lock_configuration.shelf.rule[0].default_retention[0].days == 400
    error_message = "No one can delete a version for 400 days, the account's owner included."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.shelf.block_public_acls,
      aws_s3_bucket_public_access_block.shelf.block_public_policy,
      aws_s3_bucket_public_access_block.shelf.ignore_public_acls,
      aws_s3_bucket_public_access_block.shelf.restrict_public_buckets,
    ])
    error_message = "The shelf is never public."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.shelf.statement : [statement.effect, one(statement.condition).test, one(one(statement.condition).values)]
      if statement.sid == "OneWriter"
    ] == [["Deny", "StringNotEquals", aws_iam_role.workflow.arn]]
    error_message = "Whatever IAM says, nobody but the workflow's role writes."
  }

  assert {
    condition = toset(flatten([
      for statement in data.aws_iam_policy_document.shelf.statement : statement.actions if statement.sid == "OneWriter"
    ])) == toset(["s3:DeleteObject*", "s3:PutObject*", "s3:ReplicateDelete", "s3:ReplicateObject", "s3:RestoreObject"])
    error_message = "Writing is whatever changes, hides or deletes an object."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.shelf.statement : [statement.effect, one(statement.actions), one(statement.condition).variable, one(one(statement.condition).values)]
      if statement.sid == "TlsAlone"
    ] == [["Deny", "s3:*", "aws:SecureTransport", "false"]]
    error_message = "Nobody speaks with the shelf without TLS."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.shelf.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == module.data_key.arn
    error_message = "What lies on the shelf is encrypted under a key of ours."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.shelf.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "No object has an owner or an access list of its own."
  }

  assert {
    condition     = toset(flatten(data.aws_iam_policy_document.workflow_trust.statement[*].condition)[*].test) == toset(["StringEquals"])
    error_message = "A token is compared exactly, never with a pattern."
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.workflow_trust.statement[0].condition : condition.variable => one(condition.values) } == {
      "token.actions.githubusercontent.com:aud"           = "sts.amazonaws.com"
      "token.actions.githubusercontent.com:ref"           = "refs/heads/main"
      "token.actions.githubusercontent.com:repository_id" = "42"
      "token.actions.githubusercontent.com:sub"           = "repo:example/flights:environment:attest"
    }
    error_message = "The token is for STS, of our repository, from its environment, on its protected branch."
  }
}

run "merge_groups_are_signed_by_one_file_at_one_commit" {
  command = plan

  variables {
    github = {
      subject       = "repo:example/flights:environment:attest"
      repository_id = "42"
      workflow      = "example/clearance/.github/workflows/attest.yml@0123456789abcdef0123456789abcdef01234567"
    }
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.workflow_trust.statement[0].condition : "${condition.test} ${trimprefix(condition.variable, "token.actions.githubusercontent.com:")}" => toset(condition.values) } == {
      "StringEquals aud"              = toset(["sts.amazonaws.com"])
      "StringEquals job_workflow_ref" = toset(["example/clearance/.github/workflows/attest.yml@0123456789abcdef0123456789abcdef01234567"])
      "StringEquals repository_id"    = toset(["42"])
      "StringEquals sub"              = toset(["repo:example/flights:environment:attest"])
      "StringLike ref"                = toset(["refs/heads/main", "refs/heads/gh-readonly-queue/main/*"])
    }
    error_message = "A branch of a queue's name signs through the very file that asks whether it is a merge group."
  }
}

run "github_s_provider_may_be_there_already" {
  command = plan

  variables {
    github = {
      subject       = "repo:example/flights:environment:attest"
      repository_id = "42"
      provider_arn  = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "An account has one provider for a URL."
  }
}
