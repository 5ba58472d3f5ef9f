# Nothing here has a public address, and the table of flows is all that may talk.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  account_id         = "111122223333"
  availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  cidr               = "10.20.0.0/20"
  log_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/telemetry"
  log_retention_days = 365
  name               = "flights-test"
  region             = "eu-central-1"
}

run "has_private_subnets_only" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : !subnet.map_public_ip_on_launch])
    error_message = "No subnet may hand out public addresses."
  }

  assert {
    condition     = [for zone in var.availability_zones : aws_subnet.private[zone].cidr_block] == ["10.20.0.0/22", "10.20.4.0/22", "10.20.8.0/22"]
    error_message = "Each zone has a quarter of the network, in order, so that a third zone moves no subnet."
  }
}

run "lets_talk_only_who_must" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = keys(local.flows) == keys(aws_vpc_security_group_ingress_rule.this) && keys(local.flows) == keys(aws_vpc_security_group_egress_rule.this)
    error_message = "Every flow needs both its halves, and there are no others."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.from_port == rule.to_port])
    error_message = "A door opens for a group and one port, never for addresses."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.this : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.from_port == rule.to_port])
    error_message = "Nothing may be sent but to a group and one port."
  }

  assert {
    condition     = toset([for flow in local.flows : flow.from if flow.to == "database"]) == toset(["operator", "proxy"])
    error_message = "Only the proxy and the operators' host reach the database."
  }

  assert {
    condition     = !contains([for flow in local.flows : flow.to], "operator") && !contains([for flow in local.flows : flow.to], "function")
    error_message = "Nobody opens a connection to the operators' host or to the function."
  }
}

run "records_all_traffic" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.retention_in_days == 365
    error_message = "Accepted and rejected traffic is kept for a year."
  }
}

run "keeps_endpoints_to_the_account" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = keys(aws_vpc_endpoint.this) == ["ec2messages", "secretsmanager", "ssm", "ssmmessages"]
    error_message = "Session Manager needs three endpoints, passwords one."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.this : jsondecode(endpoint.policy).Statement[0].Condition.StringEquals["aws:PrincipalAccount"] == "111122223333"])
    error_message = "An endpoint must serve this account's roles only."
  }
}
