# What clusters need of AWS, each way with a policy, and Databricks itself: none of it crosses the
# internet.

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this["workspace"].id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.this["workspace"].id]
  policy            = templatefile("${path.module}/policies/endpoint-s3.json", local.names)
  tags              = { Name = "${var.name}-s3" }
}

resource "aws_vpc_endpoint" "aws" {
  for_each            = { sts = "sts", kinesis = "kinesis-streams" }
  vpc_id              = aws_vpc.this["workspace"].id
  service_name        = "com.amazonaws.${var.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in ["a", "b"] : aws_subnet.this["workspace-${zone}"].id]
  security_group_ids  = [aws_security_group.endpoints.id]
  policy              = templatefile("${path.module}/policies/endpoint-${each.key}.json", local.names)
  tags                = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "databricks" {
  for_each            = { rest = var.endpoint_services.general, relay = var.endpoint_services.relay }
  vpc_id              = aws_vpc.this["workspace"].id
  service_name        = each.value
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in ["a", "b"] : aws_subnet.this["workspace-${zone}"].id]
  security_group_ids  = [aws_security_group.endpoints.id]
  tags                = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "people" {
  vpc_id              = aws_vpc.this["transit"].id
  service_name        = var.endpoint_services.general
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in ["a", "b"] : aws_subnet.this["transit-${zone}"].id]
  security_group_ids  = [aws_security_group.people.id]
  tags                = { Name = "${var.name}-people" }
}
