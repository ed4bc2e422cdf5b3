# AWS makes a firewall's endpoint itself. The simulated one is told of it by a tag.
resource "aws_vpc_endpoint" "firewall" {
  count               = local.inspected ? 1 : 0
  vpc_id              = aws_vpc.this["workspace"].id
  service_name        = "com.amazonaws.vpce.${var.region}.vpce-svc-0f1e2d3c4b5a69788"
  vpc_endpoint_type   = "GatewayLoadBalancer"
  subnet_ids          = [aws_subnet.outside["firewall"].id]
  private_dns_enabled = true
  tags                = { Name = "${var.name} (firewall)" }
}
