# The one role that files verdicts and signs them: for a job of our repository in one environment, which GitHub lets
# none but the protected branch use (infra/github). No pattern: one subject, one repository, one branch, so that nobody
# signs from a branch of their own where the environment is open to more. Where merge groups are signed as well, the
# branch is any of the queue's, which whoever may push can make, and what is exact instead is the file that the job's
# steps stand in, at a commit: it runs for a merge group's event alone, which nobody but GitHub can raise.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.github.provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "workflow" {
  name                 = "${local.name}-workflow"
  description          = "Files verdicts on the shelf and signs them"
  assume_role_policy   = data.aws_iam_policy_document.workflow_trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "workflow" {
  name   = "verdicts"
  role   = aws_iam_role.workflow.id
  policy = data.aws_iam_policy_document.workflow.json
}

data "aws_iam_policy_document" "workflow_trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [coalesce(var.github.provider_arn, one(aws_iam_openid_connect_provider.github[*].arn))]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = [var.github.subject]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:repository_id"
      values   = [var.github.repository_id]
    }

    condition {
      test     = var.github.workflow == null ? "StringEquals" : "StringLike"
      variable = "token.actions.githubusercontent.com:ref"
      values = concat(
        ["refs/heads/${var.github.branch}"],
        var.github.workflow == null ? [] : ["refs/heads/gh-readonly-queue/${var.github.branch}/*"],
      )
    }

    dynamic "condition" {
      for_each = var.github.workflow[*]

      content {
        test     = "StringEquals"
        variable = "token.actions.githubusercontent.com:job_workflow_ref"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "workflow" {
  statement {
    sid       = "File"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = ["${aws_s3_bucket.shelf.arn}/*"]
  }

  statement {
    sid = "LookAtTheShelf"
    actions = [
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketVersioning",
      "s3:ListBucket",
      "s3:ListBucketVersions",
    ]
    resources = [aws_s3_bucket.shelf.arn]
  }

  statement {
    sid       = "EncryptTheShelf"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.data_key.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}
