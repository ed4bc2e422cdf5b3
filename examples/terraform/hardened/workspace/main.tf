# A workspace of its own role, with what others made for it: network, keys, root bucket.

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

variable "network_id" {
  description = "The network to run clusters in."
  type        = string
}

variable "storage_id" {
  description = "The storage configuration of the root bucket."
  type        = string
}

variable "key_id" {
  description = "The key for managed services and storage."
  type        = string
}

variable "front_door" {
  description = "The endpoint that people come in by."
  type        = string
}

resource "aws_iam_role" "databricks" {
  name = "hardened-databricks"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::414351767826:root" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.account_id } }
    }]
  })
}

resource "databricks_mws_credentials" "this" {
  credentials_name = "hardened"
  role_arn         = aws_iam_role.databricks.arn
}

resource "databricks_mws_private_access_settings" "this" {
  private_access_settings_name = "hardened"
  region                       = "us-east-1"
  public_access_enabled        = false
  private_access_level         = "ENDPOINT"
  allowed_vpc_endpoint_ids     = [var.front_door]
}

resource "databricks_mws_workspaces" "this" {
  account_id                               = var.account_id
  workspace_name                           = "hardened"
  deployment_name                          = "hardened"
  aws_region                               = "us-east-1"
  pricing_tier                             = "ENTERPRISE"
  credentials_id                           = databricks_mws_credentials.this.credentials_id
  storage_configuration_id                 = var.storage_id
  network_id                               = var.network_id
  private_access_settings_id               = databricks_mws_private_access_settings.this.private_access_settings_id
  managed_services_customer_managed_key_id = var.key_id
  storage_customer_managed_key_id          = var.key_id
}

output "id" {
  description = "The workspace."
  value       = databricks_mws_workspaces.this.workspace_id
}

output "url" {
  description = "Where the workspace is."
  value       = databricks_mws_workspaces.this.workspace_url
}
