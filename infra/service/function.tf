locals {
  # The runtime's own certificates: those of RDS Proxy come from a public authority, unlike the database's.
  dsn = "host=${module.database.proxy_endpoint} port=5432 dbname=${module.database.name} sslmode=verify-full sslrootcert=/etc/pki/tls/certs/ca-bundle.crt"

  function_arn = "arn:${local.partition}:lambda:${var.region}:${var.account_id}:function:${local.name}"
  rds_db_arn   = "arn:${local.partition}:rds-db:${var.region}:${var.account_id}:dbuser"
}

resource "aws_lambda_function" "service" {
  function_name = local.name
  description   = "Flights over HTTP: ingest, reading, paging and statistics of delays"
  role          = aws_iam_role.function.arn

  filename          = var.package.path
  s3_bucket         = try(var.package.s3.bucket, null)
  s3_key            = try(var.package.s3.key, null)
  s3_object_version = try(var.package.s3.version, null)
  source_code_hash  = var.package.sha256

  runtime                        = "python3.11"
  architectures                  = ["x86_64"]
  handler                        = "service.app.handler"
  memory_size                    = var.function.memory_mb
  timeout                        = var.function.timeout_s
  reserved_concurrent_executions = var.function.concurrency
  kms_key_arn                    = module.data_key.arn

  environment {
    variables = {
      FLIGHTS_DB_AUTH = "iam"
      FLIGHTS_DB_DSN  = local.dsn
      FLIGHTS_STAGE   = var.stage
    }
  }

  vpc_config {
    subnet_ids         = module.network.subnet_ids
    security_group_ids = [module.network.function_security_group_id]
  }

  tracing_config {
    mode = "Active"
  }

  logging_config {
    log_format = "Text" # metrics are lines of the log, which the format JSON would wrap
    log_group  = aws_cloudwatch_log_group.function.name
  }

  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy_attachment.function]
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = module.telemetry_key.arn
}

resource "aws_iam_role" "function" {
  name               = "${local.name}-function"
  description        = "What the function may do"
  assume_role_policy = data.aws_iam_policy_document.function_trust.json
}

resource "aws_iam_role_policy_attachment" "function" {
  for_each = toset(["AWSXRayDaemonWriteAccess", "service-role/AWSLambdaVPCAccessExecutionRole"])

  role       = aws_iam_role.function.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.key}"
}

resource "aws_iam_role_policy" "function" {
  name   = "database"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}

data "aws_iam_policy_document" "function_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "SignInThroughTheProxy"
    actions   = ["rds-db:connect"]
    resources = [for login in local.proxied_logins : "${local.rds_db_arn}:${module.database.proxy_id}/${login}"]
  }

  # Lambda itself needs these of the role, to put the function into the network; the function's code does not.
  statement {
    sid    = "NoNetworkForTheCode"
    effect = "Deny"
    actions = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:UnassignPrivateIpAddresses",
    ]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "lambda:SourceFunctionArn"
      values   = [local.function_arn]
    }
  }
}
