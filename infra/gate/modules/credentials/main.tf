# Roles that the runs of one workspace take on, one for each phase, by the token that Terraform Cloud gives a run.
# https://developer.hashicorp.com/terraform/cloud-docs/dynamic-provider-credentials/aws-configuration
data "aws_partition" "current" {}

locals {
  audience  = "aws.workload.identity"
  phases    = toset(["apply", "plan"])
  partition = data.aws_partition.current.partition
  lambda    = "lambda.${var.region}.amazonaws.com"
}

resource "aws_iam_openid_connect_provider" "terraform_cloud" {
  count = var.provider_arn == null ? 1 : 0

  url            = "https://app.terraform.io"
  client_id_list = [local.audience]
}

resource "aws_iam_role" "phase" {
  for_each = local.phases

  name                 = "${var.name}-${each.key}"
  description          = "What runs of the workspace ${var.workspace} may do in their phase ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600
}

data "aws_iam_policy_document" "trust" {
  for_each = local.phases

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [coalesce(var.provider_arn, one(aws_iam_openid_connect_provider.terraform_cloud[*].arn))]
    }

    condition {
      test     = "StringEquals"
      variable = "app.terraform.io:aud"
      values   = [local.audience]
    }

    condition {
      test     = "StringEquals"
      variable = "app.terraform.io:sub"
      values   = ["organization:${var.organization}:project:${var.project}:workspace:${var.workspace}:run_phase:${each.key}"]
    }
  }
}

# A plan is made of pull requests too, by whoever wrote them: it may look at what there is, and not into it.
resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.phase["plan"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "plan" {
  name   = "no-data"
  role   = aws_iam_role.phase["plan"].id
  policy = data.aws_iam_policy_document.no_data.json
}

data "aws_iam_policy_document" "no_data" {
  statement {
    sid    = "NoData"
    effect = "Deny"
    actions = [
      "athena:GetQueryResults*",
      "dynamodb:BatchGetItem",
      "dynamodb:GetItem",
      "dynamodb:GetRecords",
      "dynamodb:PartiQLSelect",
      "dynamodb:Query",
      "dynamodb:Scan",
      "ebs:GetSnapshotBlock",
      "ec2:GetConsole*",
      "ec2:GetPasswordData",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
      "kinesis:GetRecords",
      "logs:FilterLogEvents",
      "logs:GetLogEvents",
      "logs:GetLogObject",
      "logs:GetLogRecord",
      "logs:GetQueryResults",
      "logs:StartLiveTail",
      "logs:StartQuery",
      "logs:Unmask",
      "rds:DownloadCompleteDBLogFile",
      "rds:DownloadDBLogFilePortion",
      "s3:GetObject*",
      "secretsmanager:BatchGetSecretValue",
      "secretsmanager:GetSecretValue",
      "sqs:ReceiveMessage",
      "ssm:GetCommandInvocation",
      "ssm:GetParameter*",
    ]
    resources = ["*"]
  }

  # What is encrypted stays so, but for the environments of functions, which name places and hold no secret: whoever may
  # not read them sees none, so that each plan would be drift and a change that is none.
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
  statement {
    sid       = "NoDecryption"
    effect    = "Deny"
    actions   = ["kms:Decrypt"]
    resources = ["*"]

    condition {
      test     = "StringNotEquals"
      variable = "kms:ViaService"
      values   = [local.lambda]
    }
  }

  statement {
    sid       = "CompareEnvironments"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${local.partition}:kms:${var.region}:${var.account_id}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [local.lambda]
    }
  }
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = var.apply_policy_arns

  role       = aws_iam_role.phase["apply"].name
  policy_arn = each.key
}
