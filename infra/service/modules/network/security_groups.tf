locals {
  groups = {
    database  = "The database"
    endpoints = "Endpoints of AWS services"
    function  = "The function behind the API"
    operator  = "Host of the operators' sessions"
    proxy     = "The database proxy"
  }

  # Who may talk to whom, complete: there is no other rule, neither inwards nor outwards.
  flows = {
    function_proxy     = { from = "function", to = "proxy", port = 5432 }
    operator_database  = { from = "operator", to = "database", port = 5432 }
    operator_endpoints = { from = "operator", to = "endpoints", port = 443 }
    proxy_database     = { from = "proxy", to = "database", port = 5432 }
    proxy_endpoints    = { from = "proxy", to = "endpoints", port = 443 }
  }
}

resource "aws_security_group" "this" {
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.flows

  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  description                  = "To ${each.value.to}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.flows

  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  description                  = "From ${each.value.from}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = { Name = "${var.name}-${each.key}" }
}
