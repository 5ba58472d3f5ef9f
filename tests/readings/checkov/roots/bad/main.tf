# Each resource breaks one of our own checks, in each way that Terraform has to write it.

resource "aws_security_group" "inline_postgres" {
  name = "inline-postgres"

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "second_of_two" {
  name = "second-of-two"

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  ingress {
    from_port        = 3306
    to_port          = 3306
    protocol         = "tcp"
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_security_group_rule" "range" {
  type              = "ingress"
  from_port         = 5000
  to_port           = 6000
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/16", "0.0.0.0/0"]
  security_group_id = "sg-0123456789abcdef0"
}

resource "aws_security_group_rule" "everything" {
  type              = "ingress"
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  ipv6_cidr_blocks  = ["::/0"]
  security_group_id = "sg-0123456789abcdef0"
}

resource "aws_vpc_security_group_ingress_rule" "four" {
  security_group_id = "sg-0123456789abcdef0"
  from_port         = 5432
  to_port           = 5432
  ip_protocol       = "tcp"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "six" {
  security_group_id = "sg-0123456789abcdef0"
  from_port         = 3306
  to_port           = 3306
  ip_protocol       = "tcp"
  cidr_ipv6         = "::/0"
}

resource "aws_vpc_security_group_ingress_rule" "half" {
  security_group_id = "sg-0123456789abcdef0"
  from_port         = local.postgres
  to_port           = local.postgres
  ip_protocol       = "tcp"
  cidr_ipv4         = "128.0.0.0/1"
}

locals {
  postgres = 5432
}

resource "aws_lambda_function" "named" {
  function_name = "named"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "package.zip"
  handler       = "app.handler"
  runtime       = "python3.11"

  environment {
    variables = {
      DB_HOST     = "db.internal"
      DB_PASSWORD = var.password
    }
  }
}

resource "aws_lambda_function" "url" {
  function_name = "url"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "package.zip"
  handler       = "app.handler"
  runtime       = "python3.11"

  environment {
    variables = {
      DATABASE = "postgresql://app:planted-for-a-test@db.internal/flights"
    }
  }
}

variable "password" {
  type      = string
  default   = "planted-for-a-test"
  sensitive = true
}

resource "aws_db_instance" "literal" {
  identifier        = "literal"
  engine            = "postgres"
  instance_class    = "db.t4g.micro"
  allocated_storage = 20
  username          = "postgres"
  password          = var.password
}

resource "aws_db_instance" "managed_off" {
  identifier                  = "managed-off"
  engine                      = "postgres"
  instance_class              = "db.t4g.micro"
  allocated_storage           = 20
  username                    = "postgres"
  password                    = var.password
  manage_master_user_password = null
}

resource "aws_rds_cluster" "literal" {
  cluster_identifier = "literal"
  engine             = "aurora-postgresql"
  master_username    = "postgres"
  master_password    = var.password
}

resource "aws_apigatewayv2_stage" "silent" {
  api_id = "abc123"
  name   = "silent"
}

resource "aws_apigatewayv2_stage" "half" {
  api_id = "abc123"
  name   = "half"

  default_route_settings {
    throttling_rate_limit = 50
  }
}
