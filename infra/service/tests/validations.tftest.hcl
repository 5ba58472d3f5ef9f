# What nobody should be able to ask for.

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

run "reject_account_name" {
  command = plan

  variables {
    account_id = "production"
  }

  expect_failures = [var.account_id]
}

run "reject_address_without_domain" {
  command = plan

  variables {
    alarm_emails = ["sre"]
  }

  expect_failures = [var.alarm_emails]
}

run "reject_one_zone" {
  command = plan

  variables {
    availability_zones = ["eu-central-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "reject_same_zone_twice" {
  command = plan

  variables {
    availability_zones = ["eu-central-1a", "eu-central-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "reject_zone_of_another_region" {
  command = plan

  variables {
    availability_zones = ["us-east-1a", "us-east-1b"]
  }

  expect_failures = [var.availability_zones]
}

run "reject_storage_that_cannot_grow" {
  command = plan

  variables {
    database = { storage_gib = 100, max_storage_gib = 100 }
  }

  expect_failures = [var.database]
}

run "reject_tiny_storage" {
  command = plan

  variables {
    database = { storage_gib = 5 }
  }

  expect_failures = [var.database]
}

run "reject_old_postgres" {
  command = plan

  variables {
    database = { major_version = "12" }
  }

  expect_failures = [var.database]
}

run "reject_unknown_instance_class" {
  command = plan

  variables {
    database = { instance_class = "t4g.medium" }
  }

  expect_failures = [var.database]
}

run "reject_timeout_of_the_gateway" {
  command = plan

  variables {
    function = { timeout_s = 30 }
  }

  expect_failures = [var.function]
}

run "reject_timeout_below_a_statement" {
  command = plan

  variables {
    function = { timeout_s = 5 }
  }

  expect_failures = [var.function]
}

run "reject_unbounded_concurrency" {
  command = plan

  variables {
    function = { concurrency = 0 }
  }

  expect_failures = [var.function]
}

run "reject_tiny_memory" {
  command = plan

  variables {
    function = { memory_mb = 64 }
  }

  expect_failures = [var.function]
}

run "reject_issuer_without_tls" {
  command = plan

  variables {
    jwt = { issuer = "http://issuer.example.com/", audiences = ["flights"] }
  }

  expect_failures = [var.jwt]
}

run "reject_no_audience" {
  command = plan

  variables {
    jwt = { issuer = "https://issuer.example.com/", audiences = [] }
  }

  expect_failures = [var.jwt]
}

run "reject_empty_audience" {
  command = plan

  variables {
    jwt = { issuer = "https://issuer.example.com/", audiences = [""] }
  }

  expect_failures = [var.jwt]
}

run "reject_short_retention" {
  command = plan

  variables {
    log_retention_days = 30
  }

  expect_failures = [var.log_retention_days]
}

run "reject_endless_retention" {
  command = plan

  variables {
    log_retention_days = 0
  }

  expect_failures = [var.log_retention_days]
}

run "reject_public_network" {
  command = plan

  variables {
    network_cidr = "8.8.0.0/16"
  }

  expect_failures = [var.network_cidr]
}

run "reject_tiny_network" {
  command = plan

  variables {
    network_cidr = "10.20.0.0/28"
  }

  expect_failures = [var.network_cidr]
}

run "reject_image_by_name" {
  command = plan

  variables {
    operator_image_id = "amazon-linux-2023"
  }

  expect_failures = [var.operator_image_id]
}

run "reject_package_from_nowhere" {
  command = plan

  variables {
    package = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  expect_failures = [var.package]
}

run "reject_package_from_two_places" {
  command = plan

  variables {
    package = { path = "a.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", s3 = { bucket = "b", key = "k", version = "v" } }
  }

  expect_failures = [var.package]
}

run "reject_package_digest_in_hex" {
  command = plan

  variables {
    package = { path = "a.zip", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
  }

  expect_failures = [var.package]
}

run "reject_region_that_is_a_zone" {
  command = plan

  variables {
    region = "eu-central-1a"
  }

  expect_failures = [var.region]
}

run "reject_stage_with_a_dash" {
  command = plan

  variables {
    stage = "pre-prod"
  }

  expect_failures = [var.stage]
}

run "reject_no_throttle" {
  command = plan

  variables {
    throttle = { rate = 0 }
  }

  expect_failures = [var.throttle]
}

run "reject_throttle_above_the_account" {
  command = plan

  variables {
    throttle = { rate = 20000 }
  }

  expect_failures = [var.throttle]
}
