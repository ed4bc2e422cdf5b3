# A network without a way in: two subnets in two zones, and endpoints for what clusters talk to.

terraform {
  required_providers {
    aws        = { source = "hashicorp/aws" }
    databricks = { source = "databricks/databricks" }
  }
}

variable "account_id" {
  description = "The Databricks account."
  type        = string
}

locals {
  services = {
    rest  = "com.amazonaws.vpce.us-east-1.vpce-svc-09143d1e626de2f04"
    relay = "com.amazonaws.vpce.us-east-1.vpce-svc-00018a8c3ff62ffdf"
  }
}

resource "aws_vpc" "this" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "a" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.20.0.0/20"
  availability_zone       = "us-east-1a"
  map_public_ip_on_launch = false
}

resource "aws_subnet" "b" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.20.16.0/20"
  availability_zone       = "us-east-1b"
  map_public_ip_on_launch = false
}

resource "aws_security_group" "clusters" {
  name   = "hardened-clusters"
  vpc_id = aws_vpc.this.id
}

resource "aws_vpc_endpoint" "databricks" {
  for_each            = local.services
  vpc_id              = aws_vpc.this.id
  service_name        = each.value
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [aws_subnet.a.id, aws_subnet.b.id]
  security_group_ids  = [aws_security_group.clusters.id]
}

resource "databricks_mws_vpc_endpoint" "rest" {
  account_id          = var.account_id
  aws_vpc_endpoint_id = aws_vpc_endpoint.databricks["rest"].id
  vpc_endpoint_name   = "hardened-rest"
  region              = "us-east-1"
}

resource "databricks_mws_vpc_endpoint" "relay" {
  account_id          = var.account_id
  aws_vpc_endpoint_id = aws_vpc_endpoint.databricks["relay"].id
  vpc_endpoint_name   = "hardened-relay"
  region              = "us-east-1"
}

resource "databricks_mws_networks" "this" {
  account_id         = var.account_id
  network_name       = "hardened"
  vpc_id             = aws_vpc.this.id
  subnet_ids         = [aws_subnet.a.id, aws_subnet.b.id]
  security_group_ids = [aws_security_group.clusters.id]

  vpc_endpoints {
    rest_api        = [databricks_mws_vpc_endpoint.rest.vpc_endpoint_id]
    dataplane_relay = [databricks_mws_vpc_endpoint.relay.vpc_endpoint_id]
  }
}

output "network_id" {
  description = "The network as the Databricks account knows it."
  value       = databricks_mws_networks.this.network_id
}

output "front_door" {
  description = "The endpoint that people come in by."
  value       = databricks_mws_vpc_endpoint.rest.vpc_endpoint_id
}
