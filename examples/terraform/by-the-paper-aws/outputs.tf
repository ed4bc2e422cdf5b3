output "references" {
  description = "The ids that the Databricks account registers, by kind and name."
  value = merge(
    { for name, vpc in aws_vpc.deployment : "vpc.${local.prefix}-${name}" => vpc.id },
    { for name, subnet in aws_subnet.deployment : "subnet.${local.prefix}-${name}" => subnet.id },
    { for name, subnet in aws_subnet.outside : "subnet.${local.prefix}-production-${name}" => subnet.id },
    { for name, table in aws_route_table.deployment : "route_table.${local.prefix}-${name}" => table.id },
    { for name, table in aws_route_table.outside : "route_table.${local.prefix}-production-${name}" => table.id },
    { for group in aws_security_group.workspace : "security_group.${group.name}" => group.id },
    { for group in aws_security_group.endpoints : "security_group.${group.name}" => group.id },
    { "security_group.${aws_security_group.users.name}" = aws_security_group.users.id },
    { for name, endpoint in aws_vpc_endpoint.s3 : "endpoint.${local.prefix}-${name}-s3" => endpoint.id },
    { for name, endpoint in aws_vpc_endpoint.interface : "endpoint.${local.prefix}-${name}" => endpoint.id },
    { for name, endpoint in aws_vpc_endpoint.databricks : "endpoint.${local.prefix}-${name}" => endpoint.id },
    { "endpoint.${local.prefix}-users" = aws_vpc_endpoint.users.id },
    {
      "gateway.${local.prefix}-production"  = aws_internet_gateway.production.id
      "nat.${local.prefix}-production"      = aws_nat_gateway.production.id
      "firewall.${local.prefix}-production" = aws_networkfirewall_firewall.production.arn
    },
    { for name, log in aws_flow_log.deployment : "flow_log.${local.prefix}-${name}" => log.id },
    { for role in aws_iam_role.cross_account : "role.${role.name}" => role.arn },
    {
      for role in [aws_iam_role.log_delivery, aws_iam_role.unity_catalog, aws_iam_role.break_glass] :
      "role.${role.name}" => role.arn
    },
    { for name, key in aws_kms_key.deployment : "key.${local.prefix}-${name}" => key.arn },
    { for name, key in aws_kms_key.deployment : "key_id.${local.prefix}-${name}" => key.key_id },
    { for bucket in aws_s3_bucket.deployment : "bucket.${bucket.bucket}" => bucket.bucket },
    { "detector.main" = aws_guardduty_detector.account.id },
  )
}
