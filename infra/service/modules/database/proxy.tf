# The function shows the proxy an IAM token; the proxy shows the database the login's password, which it alone reads.
resource "aws_db_proxy" "this" {
  name                   = var.name
  engine_family          = "POSTGRESQL"
  role_arn               = aws_iam_role.proxy.arn
  require_tls            = true
  debug_logging          = false # it would log statements with their data
  idle_client_timeout    = 1800
  vpc_subnet_ids         = var.subnet_ids
  vpc_security_group_ids = [var.proxy_security_group_id]

  dynamic "auth" {
    for_each = var.proxied_logins

    content {
      auth_scheme               = "SECRETS"
      description               = auth.value
      iam_auth                  = "REQUIRED"
      client_password_auth_type = "POSTGRES_SCRAM_SHA_256"
      secret_arn                = aws_secretsmanager_secret.login[auth.value].arn
    }
  }

  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_db_proxy_default_target_group" "this" {
  db_proxy_name = aws_db_proxy.this.name

  connection_pool_config {
    connection_borrow_timeout    = 5
    max_connections_percent      = 80 # the rest is for the migrator and operators
    max_idle_connections_percent = 20
  }
}

resource "aws_db_proxy_target" "this" {
  db_proxy_name          = aws_db_proxy.this.name
  target_group_name      = aws_db_proxy_default_target_group.this.name
  db_instance_identifier = aws_db_instance.this.identifier
}

# Empty until somebody fills them, once (infra/README.md): a value given here would lie in the state.
resource "aws_secretsmanager_secret" "login" {
  for_each = var.logins

  name                    = "${var.name}/database/${each.key}"
  description             = "Password of the database login ${each.key}"
  kms_key_id              = var.data_key_arn
  recovery_window_in_days = 30

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_iam_role" "proxy" {
  name               = "${var.name}-database-proxy"
  description        = "Lets the proxy read the passwords of the logins that it serves"
  assume_role_policy = data.aws_iam_policy_document.proxy_trust.json
}

resource "aws_iam_role_policy" "proxy" {
  name   = "read-passwords"
  role   = aws_iam_role.proxy.id
  policy = data.aws_iam_policy_document.proxy.json
}

data "aws_iam_policy_document" "proxy_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["rds.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "proxy" {
  statement {
    sid       = "ReadPasswords"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [for login in var.proxied_logins : aws_secretsmanager_secret.login[login].arn]
  }

  statement {
    sid       = "DecryptPasswords"
    actions   = ["kms:Decrypt"]
    resources = [var.data_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}
