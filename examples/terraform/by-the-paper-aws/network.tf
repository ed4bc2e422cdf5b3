resource "aws_vpc" "deployment" {
  for_each             = local.networks
  cidr_block           = each.value
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_subnet" "deployment" {
  for_each          = local.subnets
  vpc_id            = aws_vpc.deployment[each.value.network].id
  cidr_block        = each.value.cidr
  availability_zone = each.value.zone
  tags              = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_route_table" "deployment" {
  for_each = local.networks
  vpc_id   = aws_vpc.deployment[each.key].id
  tags     = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_route_table_association" "deployment" {
  for_each       = local.subnets
  route_table_id = aws_route_table.deployment[each.value.network].id
  subnet_id      = aws_subnet.deployment[each.key].id
}

# Databricks asks for open network ACLs; a VPC's default one is open, and the subnets keep it.

resource "aws_flow_log" "deployment" {
  for_each             = local.networks
  vpc_id               = aws_vpc.deployment[each.key].id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = aws_s3_bucket.deployment["trail-logs"].arn
}

data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${var.region}.s3"
}

locals {
  # Where nodes reach Databricks behind PrivateLink: the API, the relay, and what comes with them.
  databricks_ports = [[443, 443], [2443, 2443], [6666, 6666], [8443, 8451]]
}

# Nodes speak to each other, to the endpoints of their VPC and to S3; production's, which stand
# behind the firewall, also to what that lets through.
resource "aws_security_group" "workspace" {
  for_each    = local.workspaces
  name        = "${local.prefix}-${each.key}"
  description = "${local.prefix}-${each.key}"
  vpc_id      = aws_vpc.deployment[each.key].id
  tags        = { Name = "${local.prefix}-${each.key}" }

  dynamic "ingress" {
    for_each = ["tcp", "udp"]
    content {
      protocol  = ingress.value
      from_port = 0
      to_port   = 65535
      self      = true
    }
  }

  dynamic "egress" {
    for_each = ["tcp", "udp"]
    content {
      protocol  = egress.value
      from_port = 0
      to_port   = 65535
      self      = true
    }
  }

  dynamic "egress" {
    for_each = local.databricks_ports
    content {
      protocol    = "tcp"
      from_port   = egress.value[0]
      to_port     = egress.value[1]
      cidr_blocks = each.key == "production" && egress.value[0] == 443 ? [each.value.cidr, "0.0.0.0/0"] : [each.value.cidr]
    }
  }

  egress {
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    prefix_list_ids = [data.aws_ec2_managed_prefix_list.s3.id]
  }
}

resource "aws_security_group" "endpoints" {
  for_each    = local.workspaces
  name        = "${local.prefix}-${each.key}-endpoints"
  description = "${local.prefix}-${each.key}-endpoints"
  vpc_id      = aws_vpc.deployment[each.key].id
  tags        = { Name = "${local.prefix}-${each.key}-endpoints" }

  dynamic "ingress" {
    for_each = local.databricks_ports
    content {
      protocol        = "tcp"
      from_port       = ingress.value[0]
      to_port         = ingress.value[1]
      security_groups = [aws_security_group.workspace[each.key].id]
    }
  }
}

resource "aws_security_group" "users" {
  name        = "${local.prefix}-users"
  description = "${local.prefix}-users"
  vpc_id      = aws_vpc.deployment["transit"].id
  tags        = { Name = "${local.prefix}-users" }

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8"]
  }
}
