# Laid over a copy of infra/service, it has Terraform apply it to an emulator on this machine: see ../emulator.py.
# Everything else of the root is planned and applied as it stands.
terraform {
  backend "local" {}
}

provider "aws" {
  access_key                  = var.nobody
  secret_key                  = var.nobody
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true

  endpoints {
    apigatewayv2   = var.emulator
    cloudwatch     = var.emulator
    cloudwatchlogs = var.emulator
    ec2            = var.emulator
    iam            = var.emulator
    kms            = var.emulator
    lambda         = var.emulator
    s3             = var.emulator
    secretsmanager = var.emulator
    sns            = var.emulator
    sqs            = var.emulator
    ssm            = var.emulator
    sts            = var.emulator
  }
}

# Its creation is 80 seconds of the provider's waiting, for a database in which nothing runs.
module "database" {
  source = "./modules/no_database"
}

# Neither TLS nor tokens of IAM can be had of a database on this machine. The passwords are in no plan: the emulator
# starts functions with its own environment, which has them.
resource "aws_lambda_function" "service" {
  environment {
    variables = {
      FLIGHTS_DB_AUTH = "password"
      FLIGHTS_DB_DSN  = var.dsn
      FLIGHTS_STAGE   = var.stage
    }
  }
}
