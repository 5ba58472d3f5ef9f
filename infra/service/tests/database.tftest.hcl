# The database cannot be reached, read at rest, guessed into or lost by mistake.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  account_id                 = "111122223333"
  data_key_arn               = "arn:aws:kms:eu-central-1:111122223333:key/data"
  database_security_group_id = "sg-database"
  log_key_arn                = "arn:aws:kms:eu-central-1:111122223333:key/telemetry"
  log_retention_days         = 365
  logins                     = ["flights_ingest", "flights_migrator", "flights_reader"]
  name                       = "flights-test"
  proxied_logins             = ["flights_ingest", "flights_reader"]
  proxy_security_group_id    = "sg-proxy"
  region                     = "eu-central-1"
  subnet_ids                 = ["subnet-a", "subnet-b"]
  size = {
    instance_class  = "db.t4g.medium"
    storage_gib     = 20
    max_storage_gib = 100
    major_version   = "18"
  }
}

run "cannot_be_reached_from_outside" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.vpc_security_group_ids == toset(["sg-database"])
    error_message = "The database is private."
  }
}

run "is_encrypted_at_rest_and_on_the_way" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.data_key_arn
    error_message = "Storage and backups are under our own key."
  }

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"], "1")
    error_message = "The database refuses connections without TLS."
  }

  assert {
    condition     = aws_db_proxy.this.require_tls
    error_message = "The proxy refuses connections without TLS."
  }
}

run "knows_no_password" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "RDS makes the administrator's password, and Terraform never sees it."
  }

  assert {
    condition     = aws_db_instance.this.iam_database_authentication_enabled
    error_message = "Operators sign in by IAM."
  }

  assert {
    condition     = alltrue([for auth in aws_db_proxy.this.auth : auth.iam_auth == "REQUIRED"])
    error_message = "The function signs in to the proxy by IAM."
  }

  assert {
    condition     = toset([for auth in aws_db_proxy.this.auth : auth.description]) == toset(["flights_ingest", "flights_reader"])
    error_message = "The migrator does not go through the proxy: it needs a session of its own."
  }

  assert {
    condition     = keys(aws_secretsmanager_secret.login) == ["flights_ingest", "flights_migrator", "flights_reader"]
    error_message = "Every login has a secret, under our own key."
  }
}

run "survives_mistakes" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups
    error_message = "Deleting takes two steps, and leaves a snapshot and the backups."
  }

  assert {
    condition     = aws_db_instance.this.backup_retention_period >= 7 && aws_db_instance.this.multi_az
    error_message = "A week can be rewound, and one zone may fail."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.login : secret.recovery_window_in_days == 30])
    error_message = "A deleted secret can be had back."
  }
}

run "tells_what_it_does_without_the_data" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"])
    error_message = "Its logs go to CloudWatch."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 365 && group.kms_key_id == var.log_key_arn])
    error_message = "Logs are kept for a year, under our own key."
  }

  assert {
    condition     = !aws_db_proxy.this.debug_logging
    error_message = "The proxy's debug log holds statements with their data."
  }
}

run "names_the_proxy_as_iam_does" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition     = output.proxy_id == "prx-0123456789abcdef0"
    error_message = "rds-db:connect knows the proxy by the end of its ARN."
  }
}

run "reject_proxied_login_without_secret" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    proxied_logins = ["flights_ingest", "flights_stranger"]
  }

  expect_failures = [var.proxied_logins]
}
