resource "aws_vpc" "workspace" {
  for_each             = local.workspaces
  cidr_block           = each.value.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_subnet" "workspace" {
  for_each          = local.subnets
  vpc_id            = aws_vpc.workspace[each.value.workspace].id
  cidr_block        = each.value.cidr
  availability_zone = each.value.zone
  tags              = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_route_table" "workspace" {
  for_each = local.workspaces
  vpc_id   = aws_vpc.workspace[each.key].id
  tags     = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_route_table_association" "workspace" {
  for_each       = local.subnets
  route_table_id = aws_route_table.workspace[each.value.workspace].id
  subnet_id      = aws_subnet.workspace[each.key].id
}

resource "aws_internet_gateway" "workspace" {
  for_each = local.workspaces
  vpc_id   = aws_vpc.workspace[each.key].id
}

resource "aws_subnet" "nat" {
  for_each          = local.workspaces
  vpc_id            = aws_vpc.workspace[each.key].id
  cidr_block        = each.value.nat
  availability_zone = "${var.region}a"
  tags              = { Name = "${local.prefix}-${each.key}-nat" }
}

resource "aws_route_table" "nat" {
  for_each = local.workspaces
  vpc_id   = aws_vpc.workspace[each.key].id
  tags     = { Name = "${local.prefix}-${each.key}-nat" }
}

resource "aws_route_table_association" "nat" {
  for_each       = local.workspaces
  route_table_id = aws_route_table.nat[each.key].id
  subnet_id      = aws_subnet.nat[each.key].id
}

resource "aws_route" "internet" {
  for_each               = local.workspaces
  route_table_id         = aws_route_table.nat[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.workspace[each.key].id
}

resource "aws_eip" "nat" {
  for_each = local.workspaces
  domain   = "vpc"
}

resource "aws_nat_gateway" "workspace" {
  for_each      = local.workspaces
  subnet_id     = aws_subnet.nat[each.key].id
  allocation_id = aws_eip.nat[each.key].id
}

resource "aws_route" "nat" {
  for_each               = local.workspaces
  route_table_id         = aws_route_table.workspace[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.workspace[each.key].id
}

# What nodes say to each other, and the ports on which they reach the control plane.
resource "aws_security_group" "workspace" {
  for_each    = local.workspaces
  name        = "${local.prefix}-${each.key}"
  description = "${local.prefix}-${each.key}"
  vpc_id      = aws_vpc.workspace[each.key].id
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
    for_each = [[443, 443], [2443, 2443], [3306, 3306], [8443, 8451]]
    content {
      protocol    = "tcp"
      from_port   = egress.value[0]
      to_port     = egress.value[1]
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}

resource "aws_security_group" "endpoints" {
  for_each    = local.workspaces
  name        = "${local.prefix}-${each.key}-endpoints"
  description = "${local.prefix}-${each.key}-endpoints"
  vpc_id      = aws_vpc.workspace[each.key].id
  tags        = { Name = "${local.prefix}-${each.key}-endpoints" }

  ingress {
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    security_groups = [aws_security_group.workspace[each.key].id]
  }
}

resource "aws_vpc_endpoint" "s3" {
  for_each          = local.workspaces
  vpc_id            = aws_vpc.workspace[each.key].id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.workspace[each.key].id]
  tags              = { Name = "${local.prefix}-${each.key}-s3" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = merge([
    for workspace in keys(local.workspaces) : {
      for name, service in { sts = "sts", kinesis = "kinesis-streams" } :
      "${workspace}-${name}" => { workspace = workspace, service = service }
    }
  ]...)
  vpc_id              = aws_vpc.workspace[each.value.workspace].id
  service_name        = "com.amazonaws.${var.region}.${each.value.service}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in ["a", "b"] : aws_subnet.workspace["${each.value.workspace}-${zone}"].id]
  security_group_ids  = [aws_security_group.endpoints[each.value.workspace].id]
  tags                = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_flow_log" "workspace" {
  for_each             = local.workspaces
  vpc_id               = aws_vpc.workspace[each.key].id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = aws_s3_bucket.deployment["trail-logs"].arn
}
