resource "aws_vpc_endpoint" "s3" {
  for_each          = local.workspaces
  vpc_id            = aws_vpc.deployment[each.key].id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.deployment[each.key].id]
  tags              = { Name = "${local.prefix}-${each.key}-s3" }
  policy = templatefile("${path.module}/policies/endpoint-s3.json", merge(local.names, {
    root_bucket = "${local.prefix}-${each.key}-root"
    data_bucket = "${local.prefix}-lakehouse-data"
  }))
}

resource "aws_vpc_endpoint" "interface" {
  for_each = merge([
    for workspace in keys(local.workspaces) : {
      for name, service in { sts = "sts", kinesis = "kinesis-streams" } :
      "${workspace}-${name}" => { workspace = workspace, name = name, service = service }
    }
  ]...)
  vpc_id              = aws_vpc.deployment[each.value.workspace].id
  service_name        = "com.amazonaws.${var.region}.${each.value.service}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in ["a", "b"] : aws_subnet.deployment["${each.value.workspace}-${zone}"].id]
  security_group_ids  = [aws_security_group.endpoints[each.value.workspace].id]
  policy              = templatefile("${path.module}/policies/endpoint-${each.value.name}.json", local.names)
  tags                = { Name = "${local.prefix}-${each.key}" }
}

# Databricks itself, without the internet. Endpoints of others' services take no policy.
resource "aws_vpc_endpoint" "databricks" {
  for_each = merge([
    for workspace in keys(local.workspaces) : {
      for name, service in var.endpoint_services :
      "${workspace}-${name}" => { workspace = workspace, service = service }
    }
  ]...)
  vpc_id              = aws_vpc.deployment[each.value.workspace].id
  service_name        = "com.amazonaws.vpce.${var.region}.${each.value.service}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in ["a", "b"] : aws_subnet.deployment["${each.value.workspace}-${zone}"].id]
  security_group_ids  = [aws_security_group.endpoints[each.value.workspace].id]
  tags                = { Name = "${local.prefix}-${each.key}" }
}

# The way in for people.
resource "aws_vpc_endpoint" "users" {
  vpc_id              = aws_vpc.deployment["transit"].id
  service_name        = "com.amazonaws.vpce.${var.region}.${var.endpoint_services["rest"]}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in ["a", "b"] : aws_subnet.deployment["transit-${zone}"].id]
  security_group_ids  = [aws_security_group.users.id]
  tags                = { Name = "${local.prefix}-users" }
}
