# The way to the internet, where there is one: clusters, then a firewall that passes the allowed
# domains alone, then NAT. Answers come back through the firewall too: one that sees half of a
# connection inspects none. It stands in one zone; while that zone is down, nothing gets out.

locals {
  outside = local.inspected ? {
    nat      = cidrsubnet(var.vpc_cidr, 12, 4094)
    firewall = cidrsubnet(var.vpc_cidr, 12, 4095)
  } : {}

  # AWS reports it once a zone; the firewall stands in one.
  firewall_endpoint = one([
    for state in flatten(aws_networkfirewall_firewall.this[*].firewall_status[0].sync_states) :
    state.attachment[0].endpoint_id
  ])
}

resource "aws_subnet" "outside" {
  for_each          = local.outside
  vpc_id            = aws_vpc.this["workspace"].id
  cidr_block        = each.value
  availability_zone = "${var.region}a"
  tags              = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table" "outside" {
  for_each = local.outside
  vpc_id   = aws_vpc.this["workspace"].id
  tags     = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table_association" "outside" {
  for_each       = local.outside
  route_table_id = aws_route_table.outside[each.key].id
  subnet_id      = aws_subnet.outside[each.key].id
}

resource "aws_internet_gateway" "this" {
  count  = local.inspected ? 1 : 0
  vpc_id = aws_vpc.this["workspace"].id
  tags   = { Name = var.name }
}

resource "aws_eip" "nat" {
  count  = local.inspected ? 1 : 0
  domain = "vpc"
  tags   = { Name = var.name }
}

resource "aws_nat_gateway" "this" {
  count         = local.inspected ? 1 : 0
  subnet_id     = aws_subnet.outside["nat"].id
  allocation_id = aws_eip.nat[0].id
  tags          = { Name = var.name }
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route" "to_internet" {
  count                  = local.inspected ? 1 : 0
  route_table_id         = aws_route_table.outside["nat"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route" "to_nat" {
  count                  = local.inspected ? 1 : 0
  route_table_id         = aws_route_table.outside["firewall"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}

resource "aws_route" "to_firewall" {
  count                  = local.inspected ? 1 : 0
  route_table_id         = aws_route_table.this["workspace"].id
  destination_cidr_block = "0.0.0.0/0"
  vpc_endpoint_id        = local.firewall_endpoint
}

resource "aws_route" "back_to_firewall" {
  for_each               = local.inspected ? toset(["workspace-a", "workspace-b"]) : toset([])
  route_table_id         = aws_route_table.outside["nat"].id
  destination_cidr_block = aws_subnet.this[each.key].cidr_block
  vpc_endpoint_id        = local.firewall_endpoint
}

resource "aws_networkfirewall_rule_group" "domains" {
  count    = local.inspected ? 1 : 0
  name     = "${var.name}-domains"
  type     = "STATEFUL"
  capacity = 100

  rule_group {
    rules_source {
      rules_source_list {
        targets              = var.allowed_domains
        target_types         = ["TLS_SNI"]
        generated_rules_type = "ALLOWLIST"
      }
    }

    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "this" {
  count = local.inspected ? 1 : 0
  name  = var.name

  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]
    stateful_default_actions           = ["aws:drop_established"]

    stateful_engine_options {
      rule_order = "STRICT_ORDER"
    }

    stateful_rule_group_reference {
      priority     = 1
      resource_arn = aws_networkfirewall_rule_group.domains[0].arn
    }
  }
}

resource "aws_networkfirewall_firewall" "this" {
  count               = local.inspected ? 1 : 0
  name                = var.name
  firewall_policy_arn = aws_networkfirewall_firewall_policy.this[0].arn
  vpc_id              = aws_vpc.this["workspace"].id

  subnet_mapping {
    subnet_id = aws_subnet.outside["firewall"].id
  }
}
