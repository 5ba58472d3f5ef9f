# A run takes on the role of its own phase, of its own workspace, and no other.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  account_id        = "111122223333"
  name              = "flights-prod"
  organization      = "example"
  project           = "flights"
  region            = "eu-central-1"
  workspace         = "flights-prod"
  apply_policy_arns = ["arn:aws:iam::111122223333:policy/flights"]
}

run "one_subject_a_phase" {
  command = plan

  module {
    source = "./modules/credentials"
  }

  assert {
    condition = {
      for phase, trust in data.aws_iam_policy_document.trust : phase => {
        for condition in trust.statement[0].condition : condition.variable => "${condition.test} ${one(condition.values)}"
      }
      } == {
      for phase in ["apply", "plan"] : phase => {
        "app.terraform.io:aud" = "StringEquals aws.workload.identity"
        "app.terraform.io:sub" = "StringEquals organization:example:project:flights:workspace:flights-prod:run_phase:${phase}"
      }
    }
    error_message = "Each role trusts one phase of one workspace, compared exactly."
  }

  assert {
    condition = aws_iam_role_policy_attachment.plan.policy_arn == "arn:aws:iam::aws:policy/ReadOnlyAccess" && length(setsubtract(
      ["dynamodb:GetItem", "logs:GetLogEvents", "s3:GetObject*", "secretsmanager:GetSecretValue", "sqs:ReceiveMessage", "ssm:GetParameter*"],
      flatten([for statement in data.aws_iam_policy_document.no_data.statement : statement.actions if statement.effect == "Deny" && length(statement.condition) == 0]),
    )) == 0
    error_message = "A plan, which pull requests have too, changes nothing and reads no data."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.no_data.statement : coalesce(statement.effect, "Allow") => {
        for condition in statement.condition : condition.variable => "${condition.test} ${one(condition.values)}"
      } if statement.actions == toset(["kms:Decrypt"])
      } == {
      Allow = { "kms:ViaService" = "StringEquals lambda.eu-central-1.amazonaws.com" }
      Deny  = { "kms:ViaService" = "StringNotEquals lambda.eu-central-1.amazonaws.com" }
    }
    error_message = "A plan decrypts the environments of functions, without which each plan would be drift, and nothing else."
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.apply)) == toset(["arn:aws:iam::111122223333:policy/flights"])
    error_message = "An apply may do what is named."
  }
}

run "the_provider_may_be_there_already" {
  command = plan

  module {
    source = "./modules/credentials"
  }

  variables {
    provider_arn = "arn:aws:iam::111122223333:oidc-provider/app.terraform.io"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.terraform_cloud) == 0
    error_message = "An account has one provider for a URL."
  }
}

run "reject_patterns" {
  command = plan

  module {
    source = "./modules/credentials"
  }

  variables {
    organization = "*"
    project      = "flights*"
    workspace    = "flights:run_phase"
  }

  expect_failures = [var.organization, var.project, var.workspace]
}
