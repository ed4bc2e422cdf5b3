variable "name" {
  description = "What every name begins with."
  type        = string
}

variable "region" {
  description = "The AWS region."
  type        = string
}

variable "databricks_account_id" {
  description = "The Databricks account."
  type        = string
}

variable "cross_account_role_arn" {
  description = "The role by which Databricks starts machines."
  type        = string
}

variable "log_delivery_role_arn" {
  description = "The role by which Databricks delivers audit logs."
  type        = string
}

variable "root_bucket" {
  description = "The root bucket."
  type        = string
}

variable "data_bucket" {
  description = "The bucket of Unity Catalog."
  type        = string
}

variable "audit_bucket" {
  description = "The bucket of audit logs."
  type        = string
}

variable "managed_services_key" {
  description = "The ARN of the key of what Databricks stores of its own."
  type        = string
}

variable "workspace_storage_key" {
  description = "The ARN of the key of the root bucket and of volumes."
  type        = string
}

variable "vpc_id" {
  description = "The VPC of the clusters."
  type        = string
}

variable "subnet_ids" {
  description = "The subnets of the clusters, in two zones."
  type        = list(string)
}

variable "security_group_id" {
  description = "The security group of the clusters."
  type        = string
}

variable "rest_endpoint" {
  description = "The VPC endpoint by which clusters reach the API."
  type        = string
}

variable "relay_endpoint" {
  description = "The VPC endpoint by which clusters reach the relay."
  type        = string
}

variable "people_endpoint" {
  description = "The VPC endpoint by which people reach the workspace."
  type        = string
}

variable "public_access" {
  description = "Whether people may come over the internet too."
  type        = bool
}

variable "people_addresses" {
  description = "Public addresses that people come from."
  type        = list(string)
}

variable "allowed_domains" {
  description = "Domains that serverless compute may reach."
  type        = list(string)
}

variable "groups" {
  description = "The account groups of the workspace, by name: ADMIN or USER."
  type        = map(string)
}

variable "tags" {
  description = "Tags of the workspace."
  type        = map(string)
}

variable "metastore_id" {
  description = "The metastore of the region; null makes it."
  type        = string
}

variable "admin_group" {
  description = "The account group that owns the metastore."
  type        = string
}
