# Operators get in through a host without an open port, and only where one is asked for.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:mock" }
  }

  mock_resource "aws_db_proxy" {
    defaults = {
      arn      = "arn:aws:rds:eu-central-1:111122223333:db-proxy:prx-0123456789abcdef0"
      endpoint = "flights-test.proxy-abc.eu-central-1.rds.amazonaws.com"
    }
  }

  mock_resource "aws_db_instance" {
    defaults = {
      address     = "flights-test.abc.eu-central-1.rds.amazonaws.com"
      resource_id = "db-ABCDEFGHIJKL"
    }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/mock" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/mock" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:111122223333:key/mock" }
  }

  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:eu-central-1:111122223333:function:flights-test"
      invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/mock/invocations"
    }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mock" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:111122223333:flights-test-alarms" }
  }
}

variables {
  account_id         = "111122223333"
  alarm_emails       = []
  availability_zones = ["eu-central-1a", "eu-central-1b"]
  jwt                = { issuer = "https://issuer.example.com/", audiences = ["flights"] }
  operator_image_id  = null
  package            = { path = "flights.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  region             = "eu-central-1"
  stage              = "test"
}

run "has_no_host_unless_asked" {
  command = plan

  assert {
    condition     = length(aws_instance.operator) == 0 && output.operator_instance_id == null
    error_message = "Without an image there is no way in."
  }
}

run "has_a_closed_host" {
  command = plan

  variables {
    operator_image_id = "ami-0123456789abcdef0"
  }

  assert {
    condition     = !aws_instance.operator[0].associate_public_ip_address
    error_message = "The host has no public address."
  }

  assert {
    condition     = aws_instance.operator[0].metadata_options[0].http_tokens == "required"
    error_message = "The host's credentials are given to whoever can set a header, not to whoever can send a GET."
  }

  assert {
    condition     = aws_instance.operator[0].root_block_device[0].encrypted
    error_message = "The host's disk is encrypted."
  }
}
