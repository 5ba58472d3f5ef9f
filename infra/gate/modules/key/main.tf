locals {
  # Whoever administers the key by IAM can do so, but not look inside: in a key's own policy the resource "*" is that key.
  administration = {
    Sid       = "AccountAdministersByIam"
    Effect    = "Allow"
    Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
    Action = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:EnableKey",
      "kms:EnableKeyRotation",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:GetPublicKey",
      "kms:List*",
      "kms:PutKeyPolicy",
      "kms:RevokeGrant",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
    Resource = "*"
  }

  uses = [for sid in sort(keys(var.uses)) : merge(
    {
      Sid       = sid
      Effect    = "Allow"
      Principal = { (var.uses[sid].principal.type) = var.uses[sid].principal.id }
      Action    = var.uses[sid].actions
      Resource  = "*"
    },
    length(var.uses[sid].equals) == 0 && length(var.uses[sid].like) == 0 ? {} : {
      Condition = merge(
        length(var.uses[sid].equals) == 0 ? {} : { StringEquals = var.uses[sid].equals },
        length(var.uses[sid].like) == 0 ? {} : { ArnLike = var.uses[sid].like },
      )
    },
  )]
}

resource "aws_kms_key" "this" {
  description              = var.description
  customer_master_key_spec = var.signs ? "ECC_NIST_P256" : "SYMMETRIC_DEFAULT"
  key_usage                = var.signs ? "SIGN_VERIFY" : "ENCRYPT_DECRYPT"
  enable_key_rotation      = var.signs ? false : true # KMS cannot rotate a signing key: verifiers know it by its public half
  deletion_window_in_days  = 30

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.administration], local.uses)
  })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.alias}"
  target_key_id = aws_kms_key.this.key_id
}
