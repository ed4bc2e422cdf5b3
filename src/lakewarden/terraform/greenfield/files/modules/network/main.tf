# Two networks: that of the clusters, and that through which people come in. Neither has a public
# subnet unless clusters are allowed some domains: see firewall.tf.

data "aws_caller_identity" "current" {}

locals {
  networks = {
    workspace = var.vpc_cidr
    transit   = var.transit_cidr
  }

  subnets = merge([
    for network, cidr in local.networks : {
      for index, zone in ["a", "b"] : "${network}-${zone}" => {
        network = network
        zone    = "${var.region}${zone}"
        cidr    = cidrsubnet(cidr, 2, index)
      }
    }
  ]...)

  # What stands before each endpoint of AWS. Databricks' own take no policy.
  names = {
    aws_account = data.aws_caller_identity.current.account_id
    root_bucket = var.root_bucket
    data_bucket = var.data_bucket
  }

  inspected = length(var.allowed_domains) > 0
}

resource "aws_vpc" "this" {
  for_each             = local.networks
  cidr_block           = each.value
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = "${var.name}-${each.key}" }
}

# Whatever is started without a group of its own can talk to nobody.
resource "aws_default_security_group" "this" {
  for_each = local.networks
  vpc_id   = aws_vpc.this[each.key].id
}

resource "aws_subnet" "this" {
  for_each                = local.subnets
  vpc_id                  = aws_vpc.this[each.value.network].id
  cidr_block              = each.value.cidr
  availability_zone       = each.value.zone
  map_public_ip_on_launch = false
  tags                    = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table" "this" {
  for_each = local.networks
  vpc_id   = aws_vpc.this[each.key].id
  tags     = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table_association" "this" {
  for_each       = local.subnets
  route_table_id = aws_route_table.this[each.value.network].id
  subnet_id      = aws_subnet.this[each.key].id
}

resource "aws_flow_log" "this" {
  for_each             = local.networks
  vpc_id               = aws_vpc.this[each.key].id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = var.flow_logs_bucket
  tags                 = { Name = "${var.name}-${each.key}" }
}
