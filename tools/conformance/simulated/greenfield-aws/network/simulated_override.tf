resource "aws_networkfirewall_firewall" "this" {
  tags = { ("endpoint/${aws_subnet.outside["firewall"].id}") = aws_vpc_endpoint.firewall[0].id }

  lifecycle {
    ignore_changes = [tags]
  }
}
