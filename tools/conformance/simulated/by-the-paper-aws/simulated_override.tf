resource "aws_networkfirewall_firewall" "production" {
  tags = { ("endpoint/${aws_subnet.outside["firewall"].id}") = aws_vpc_endpoint.firewall.id }

  lifecycle {
    ignore_changes = [tags]
  }
}
