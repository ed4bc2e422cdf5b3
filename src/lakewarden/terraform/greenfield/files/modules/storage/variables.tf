variable "root_bucket" {
  description = "The name of the workspace's root bucket."
  type        = string
}

variable "data_bucket" {
  description = "The name of the bucket of Unity Catalog."
  type        = string
}

variable "databricks_account_id" {
  description = "The Databricks account, as its sessions are tagged."
  type        = string
}

variable "root_key_arn" {
  description = "The key of the root bucket."
  type        = string
}

variable "data_key_arn" {
  description = "The key of the data."
  type        = string
}

variable "s3_endpoint_id" {
  description = "The endpoint by which clusters reach S3."
  type        = string
}

variable "guardian_arn" {
  description = "The role that reaches the data from everywhere, in an emergency."
  type        = string
}
