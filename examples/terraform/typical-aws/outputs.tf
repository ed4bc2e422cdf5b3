output "references" {
  description = "The ids that the Databricks account registers, by kind and name."
  value = merge(
    { for name, vpc in aws_vpc.workspace : "vpc.${local.prefix}-${name}" => vpc.id },
    { for name, subnet in aws_subnet.workspace : "subnet.${local.prefix}-${name}" => subnet.id },
    { for name, subnet in aws_subnet.nat : "subnet.${local.prefix}-${name}-nat" => subnet.id },
    { for name, table in aws_route_table.workspace : "route_table.${local.prefix}-${name}" => table.id },
    { for name, table in aws_route_table.nat : "route_table.${local.prefix}-${name}-nat" => table.id },
    { for group in aws_security_group.workspace : "security_group.${group.name}" => group.id },
    { for group in aws_security_group.endpoints : "security_group.${group.name}" => group.id },
    { for name, endpoint in aws_vpc_endpoint.s3 : "endpoint.${local.prefix}-${name}-s3" => endpoint.id },
    { for name, endpoint in aws_vpc_endpoint.interface : "endpoint.${local.prefix}-${name}" => endpoint.id },
    { for name, gateway in aws_internet_gateway.workspace : "gateway.${local.prefix}-${name}" => gateway.id },
    { for name, gateway in aws_nat_gateway.workspace : "nat.${local.prefix}-${name}" => gateway.id },
    { for name, log in aws_flow_log.workspace : "flow_log.${local.prefix}-${name}" => log.id },
    { for role in aws_iam_role.cross_account : "role.${role.name}" => role.arn },
    { for role in [aws_iam_role.log_delivery, aws_iam_role.unity_catalog] : "role.${role.name}" => role.arn },
    { for bucket in aws_s3_bucket.deployment : "bucket.${bucket.bucket}" => bucket.bucket },
  )
}
