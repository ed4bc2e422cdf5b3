variable "name" {
  description = "What every name begins with."
  type        = string
}


variable "databricks_account_id" {
  description = "The Databricks account, which is the external id of its roles."
  type        = string
}

variable "vpc_id" {
  description = "The VPC that the workspace's machines run in."
  type        = string
}

variable "security_group_id" {
  description = "The security group of these machines."
  type        = string
}

variable "data_bucket" {
  description = "The name of the bucket of Unity Catalog."
  type        = string
}

variable "data_key_arn" {
  description = "The key of that bucket."
  type        = string
}

variable "storage_credential_external_id" {
  description = "The external id that Unity Catalog shows for its storage credential."
  type        = string
}
