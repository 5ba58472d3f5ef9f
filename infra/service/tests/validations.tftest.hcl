# What nobody should be able to ask for. Each run gives several variables a bad value, and every one must refuse its own.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Less than it takes.
run "reject_too_little" {
  command = plan

  variables {
    account_id         = "42"
    availability_zones = ["eu-central-1a"]
    database           = { storage_gib = 5 }
    function           = { timeout_s = 5 }
    jwt                = { issuer = "https://issuer.example.com/", audiences = [] }
    log_retention_days = 30
    network_cidr       = "10.20.0.0/28"
    package            = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    stage              = ""
    throttle           = { rate = 0 }
  }

  expect_failures = [
    var.account_id,
    var.availability_zones,
    var.database,
    var.function,
    var.jwt,
    var.log_retention_days,
    var.network_cidr,
    var.package,
    var.stage,
    var.throttle,
  ]
}

# More than AWS or the service can do.
run "reject_too_much" {
  command = plan

  variables {
    availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"]
    database           = { max_storage_gib = 20 }
    function           = { timeout_s = 30 }
    log_retention_days = 366
    network_cidr       = "10.0.0.0/8"
    package            = { path = "a.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", s3 = { bucket = "b", key = "k", version = "v" } }
    stage              = "production0123"
    throttle           = { burst = 20000 }
  }

  expect_failures = [
    var.availability_zones,
    var.database,
    var.function,
    var.log_retention_days,
    var.network_cidr,
    var.package,
    var.stage,
    var.throttle,
  ]
}

# Something else than what is asked for.
run "reject_malformed" {
  command = plan

  variables {
    account_id         = "production"
    alarm_emails       = ["sre"]
    availability_zones = ["eu-central-1a", "eu-central-1a"]
    database           = { instance_class = "t4g.medium" }
    function           = { memory_mb = 64 }
    jwt                = { issuer = "https://issuer.example.com/", audiences = [" "] }
    network_cidr       = "here"
    operator_image_id  = "amazon-linux-2023"
    package            = { path = "a.zip", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    stage              = "pre-prod"
  }

  expect_failures = [
    var.account_id,
    var.alarm_emails,
    var.availability_zones,
    var.database,
    var.function,
    var.jwt,
    var.network_cidr,
    var.operator_image_id,
    var.package,
    var.stage,
  ]
}

# What would open a door or lose what should be kept.
run "reject_unsafe" {
  command = plan

  variables {
    availability_zones = ["us-east-1a", "us-east-1b"]
    database           = { major_version = "12" }
    function           = { concurrency = 0 }
    jwt                = { issuer = "http://issuer.example.com/", audiences = ["flights"] }
    log_retention_days = 0
    network_cidr       = "8.8.0.0/16"
  }

  expect_failures = [
    var.availability_zones,
    var.database,
    var.function,
    var.jwt,
    var.log_retention_days,
    var.network_cidr,
  ]
}

run "reject_region_that_is_a_zone" {
  command = plan

  variables {
    region = "eu-central-1a"
  }

  expect_failures = [
    var.region,
  ]
}
