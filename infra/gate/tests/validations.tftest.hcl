# What a workspace may not set. Each variable of a run is refused for itself.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# What is no name, number or address of its kind.
run "reject_nonsense" {
  command = plan

  variables {
    account_id           = "1111"
    alarm_emails         = ["nobody"]
    canary_url           = "http://api.example.com"
    github               = { subject = "repo:example/flights:*", repository_id = "42" }
    image                = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/clearance:latest"
    log_retention_days   = 30
    package              = { sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    policy_digest        = "main"
    receiver_concurrency = 0
    region               = "Frankfurt"
    shelf_retention_days = 30
    stage                = "Prod"
    terraform_hosts      = ["*.terraform.io"]
    throttle             = { rate = 0 }
    worker               = { memory_mb = 512 }
  }

  expect_failures = [
    var.account_id,
    var.alarm_emails,
    var.canary_url,
    var.github,
    var.image,
    var.log_retention_days,
    var.package,
    var.policy_digest,
    var.receiver_concurrency,
    var.region,
    var.shelf_retention_days,
    var.stage,
    var.terraform_hosts,
    var.throttle,
    var.worker,
  ]
}

# More than one subject, bytes without a digest, nobody to call, an address of nothing in particular.
run "reject_too_much_trust" {
  command = plan

  variables {
    canary_url      = "https://api.example.com/"
    github          = { subject = "repo:example/*:environment:clearance", repository_id = "42" }
    package         = { path = "receiver.zip", sha256 = "none" }
    terraform_hosts = []
    worker          = { timeout_s = 900 }
  }

  expect_failures = [
    var.canary_url,
    var.github,
    var.package,
    var.terraform_hosts,
    var.worker,
  ]
}

# A subject that a pull request has too, and a worker that is alone.
run "reject_pull_requests" {
  command = plan

  variables {
    github = { subject = "repo:example/flights:pull_request", repository_id = "42" }
    worker = { concurrency = 1 }
  }

  expect_failures = [
    var.github,
    var.worker,
  ]
}

# What may be given to another repository later.
run "reject_a_name_for_a_repository" {
  command = plan

  variables {
    github = { subject = "repo:example/flights:environment:clearance", repository_id = "flights" }
  }

  expect_failures = [
    var.github,
  ]
}

# An issuer that is not GitHub.
run "reject_somebody_else_s_provider" {
  command = plan

  variables {
    github = { subject = "repo:example/flights:environment:clearance", repository_id = "42", provider_arn = "arn:aws:iam::111122223333:oidc-provider/example.com" }
  }

  expect_failures = [
    var.github,
  ]
}

# A branch that whoever may push can make.
run "reject_the_merge_queue_s_branches" {
  command = plan

  variables {
    github = { subject = "repo:example/flights:environment:attest", repository_id = "42", branch = "gh-readonly-queue/main/*" }
  }

  expect_failures = [
    var.github,
  ]
}

# A name whose content can be changed.
run "reject_a_signing_workflow_by_a_branch" {
  command = plan

  variables {
    github = {
      subject       = "repo:example/flights:environment:attest"
      repository_id = "42"
      workflow      = "example/clearance/.github/workflows/attest.yml@refs/heads/main"
    }
  }

  expect_failures = [
    var.github,
  ]
}
