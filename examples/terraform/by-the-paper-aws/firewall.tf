# Production fetches packages from one host. Its way there leads through a firewall that passes that
# name alone, then through NAT.
locals {
  outside = {
    nat      = "10.32.255.0/28"
    firewall = "10.32.255.16/28"
  }

  # The firewall's endpoint in its subnet, as AWS reports it.
  firewall_endpoint = one([
    for state in aws_networkfirewall_firewall.production.firewall_status[0].sync_states :
    state.attachment[0].endpoint_id if state.attachment[0].subnet_id == aws_subnet.outside["firewall"].id
  ])
}

resource "aws_subnet" "outside" {
  for_each          = local.outside
  vpc_id            = aws_vpc.deployment["production"].id
  cidr_block        = each.value
  availability_zone = "${var.region}a"
  tags              = { Name = "${local.prefix}-production-${each.key}" }
}

resource "aws_route_table" "outside" {
  for_each = local.outside
  vpc_id   = aws_vpc.deployment["production"].id
  tags     = { Name = "${local.prefix}-production-${each.key}" }
}

resource "aws_route_table_association" "outside" {
  for_each       = local.outside
  route_table_id = aws_route_table.outside[each.key].id
  subnet_id      = aws_subnet.outside[each.key].id
}

resource "aws_internet_gateway" "production" {
  vpc_id = aws_vpc.deployment["production"].id
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "production" {
  subnet_id     = aws_subnet.outside["nat"].id
  allocation_id = aws_eip.nat.id
  depends_on    = [aws_internet_gateway.production]
}

resource "aws_route" "to_internet" {
  route_table_id         = aws_route_table.outside["nat"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.production.id
}

resource "aws_route" "to_nat" {
  route_table_id         = aws_route_table.outside["firewall"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.production.id
}

resource "aws_route" "to_firewall" {
  route_table_id         = aws_route_table.deployment["production"].id
  destination_cidr_block = "0.0.0.0/0"
  vpc_endpoint_id        = local.firewall_endpoint
}

# Answers come back through the firewall: one that sees half of a connection inspects none.
resource "aws_route" "back_to_firewall" {
  for_each               = toset(["production-a", "production-b"])
  route_table_id         = aws_route_table.outside["nat"].id
  destination_cidr_block = aws_subnet.deployment[each.key].cidr_block
  vpc_endpoint_id        = local.firewall_endpoint
}

resource "aws_networkfirewall_rule_group" "domains" {
  name     = "${local.prefix}-production-domains"
  type     = "STATEFUL"
  capacity = 100

  rule_group {
    rules_source {
      rules_source_list {
        targets              = ["packages.high.example"]
        target_types         = ["TLS_SNI"]
        generated_rules_type = "ALLOWLIST"
      }
    }

    stateful_rule_options {
      rule_order = "STRICT_ORDER"
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "production" {
  name = "${local.prefix}-production"

  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]
    stateful_default_actions           = ["aws:drop_established"]

    stateful_engine_options {
      rule_order = "STRICT_ORDER"
    }

    stateful_rule_group_reference {
      priority     = 1
      resource_arn = aws_networkfirewall_rule_group.domains.arn
    }
  }
}

resource "aws_networkfirewall_firewall" "production" {
  name                = "${local.prefix}-production"
  firewall_policy_arn = aws_networkfirewall_firewall_policy.production.arn
  vpc_id              = aws_vpc.deployment["production"].id

  subnet_mapping {
    subnet_id = aws_subnet.outside["firewall"].id
  }
}
