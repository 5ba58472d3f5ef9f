# What our own checks must leave alone: the nearest things to what they object to.

resource "aws_security_group" "https" {
  name = "https"

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "inside" {
  name = "inside"

  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "172.16.0.0/12"]
  }
}

resource "aws_security_group_rule" "egress" {
  type              = "egress"
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = "sg-0123456789abcdef0"
}

resource "aws_security_group_rule" "range" {
  type              = "ingress"
  from_port         = 8000
  to_port           = 8999
  protocol          = "tcp"
  ipv6_cidr_blocks  = ["::/0"]
  security_group_id = "sg-0123456789abcdef0"
}

resource "aws_vpc_security_group_ingress_rule" "private" {
  security_group_id = "sg-0123456789abcdef0"
  from_port         = 5432
  to_port           = 5432
  ip_protocol       = "tcp"
  cidr_ipv6         = "fc00::/7"
}

resource "aws_vpc_security_group_ingress_rule" "from_group" {
  security_group_id            = "sg-0123456789abcdef0"
  from_port                    = 5432
  to_port                      = 5432
  ip_protocol                  = "tcp"
  referenced_security_group_id = aws_security_group.https.id
}

resource "aws_lambda_function" "named" {
  function_name = "named"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "package.zip"
  handler       = "app.handler"
  runtime       = "python3.11"

  environment {
    variables = {
      DB_SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db"
      TOKEN_ISSUER  = "https://issuer.example/"
      PASSPORT      = "needed"
      DATABASE      = "postgresql://app@db.internal/flights"
    }
  }
}

resource "aws_lambda_function" "plain" {
  function_name = "plain"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "package.zip"
  handler       = "app.handler"
  runtime       = "python3.11"
}

resource "aws_db_instance" "managed" {
  identifier                  = "managed"
  engine                      = "postgres"
  instance_class              = "db.t4g.micro"
  allocated_storage           = 20
  username                    = "postgres"
  manage_master_user_password = true
}

resource "aws_db_instance" "replica" {
  identifier          = "replica"
  instance_class      = "db.t4g.micro"
  replicate_source_db = "arn:aws:rds:eu-central-1:123456789012:db:managed"
}

resource "aws_rds_cluster" "managed" {
  cluster_identifier          = "managed"
  engine                      = "aurora-postgresql"
  master_username             = "postgres"
  manage_master_user_password = true
}

resource "aws_apigatewayv2_stage" "throttled" {
  api_id = "abc123"
  name   = "throttled"

  default_route_settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 100
  }
}

resource "aws_apigatewayv2_stage" "by_variable" {
  api_id = "abc123"
  name   = "by-variable"

  default_route_settings {
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
  }
}

variable "throttle" {
  type    = object({ rate = number, burst = number })
  default = { rate = 50, burst = 100 }
}
