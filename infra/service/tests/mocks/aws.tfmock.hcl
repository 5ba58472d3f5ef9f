# Values that AWS would give, in the shapes that the provider checks.

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

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    id            = "abcdefghij"
    execution_arn = "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij"
  }
}
