output "vpc_id" {
  description = "The VPC of the clusters."
  value       = aws_vpc.this["workspace"].id
}

output "subnet_ids" {
  description = "The subnets of the clusters."
  value       = [for zone in ["a", "b"] : aws_subnet.this["workspace-${zone}"].id]
}

output "security_group_id" {
  description = "The security group of the clusters."
  value       = aws_security_group.clusters.id
}

output "s3_endpoint_id" {
  description = "The endpoint by which clusters reach S3."
  value       = aws_vpc_endpoint.s3.id
}

output "rest_endpoint_id" {
  description = "The endpoint by which clusters reach Databricks' API."
  value       = aws_vpc_endpoint.databricks["rest"].id
}

output "relay_endpoint_id" {
  description = "The endpoint by which clusters reach Databricks' relay."
  value       = aws_vpc_endpoint.databricks["relay"].id
}

output "people_endpoint_id" {
  description = "The endpoint by which people reach the workspace."
  value       = aws_vpc_endpoint.people.id
}
