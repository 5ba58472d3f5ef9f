# Evidence, signed verdicts and the history of every attempt. Each version is kept for a time that nobody can shorten.
resource "aws_s3_bucket" "shelf" {
  bucket              = local.shelf
  object_lock_enabled = true
  force_destroy       = false

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "shelf" {
  bucket = aws_s3_bucket.shelf.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "shelf" {
  bucket = aws_s3_bucket.shelf.id

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.shelf_retention_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.shelf]
}

resource "aws_s3_bucket_lifecycle_configuration" "shelf" {
  bucket = aws_s3_bucket.shelf.id

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.shelf]
}

resource "aws_s3_bucket_public_access_block" "shelf" {
  bucket = aws_s3_bucket.shelf.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "shelf" {
  bucket = aws_s3_bucket.shelf.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "shelf" {
  bucket = aws_s3_bucket.shelf.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = module.data_key.arn
    }
  }
}

resource "aws_s3_bucket_policy" "shelf" {
  bucket = aws_s3_bucket.shelf.id
  policy = data.aws_iam_policy_document.shelf.json

  depends_on = [aws_s3_bucket_public_access_block.shelf]
}

data "aws_iam_policy_document" "shelf" {
  statement {
    sid       = "TlsAlone"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.shelf.arn, "${aws_s3_bucket.shelf.arn}/*"]

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

  # Whatever IAM says elsewhere in the account.
  statement {
    sid       = "OneWriter"
    effect    = "Deny"
    actions   = ["s3:PutObject*", "s3:DeleteObject*", "s3:RestoreObject", "s3:ReplicateDelete", "s3:ReplicateObject"]
    resources = ["${aws_s3_bucket.shelf.arn}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalArn"
      values   = [aws_iam_role.workflow.arn]
    }
  }
}
