# Who works on what, what was answered, and the plans' digests: small, and gone by itself.
resource "aws_dynamodb_table" "state" {
  name                        = local.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  deletion_protection_enabled = true

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = module.requests_key.arn
  }

  lifecycle {
    prevent_destroy = true
  }
}
