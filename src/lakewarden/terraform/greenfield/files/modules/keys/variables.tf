variable "name" {
  description = "What every name begins with."
  type        = string
}

variable "databricks_account_id" {
  description = "The Databricks account, as its sessions are tagged."
  type        = string
}

variable "keepers" {
  description = "ARNs of the roles that keep the keys: the one that runs Terraform and the one for emergencies among them. They may neither decrypt nor delete."
  type        = list(string)
}

variable "cross_account_role_arn" {
  description = "The role by which EC2 uses the key of volumes."
  type        = string
}

variable "unity_catalog_role_arn" {
  description = "The role that reads and writes the data."
  type        = string
}

variable "log_delivery_role_arn" {
  description = "The role that writes audit logs."
  type        = string
}

variable "log_readers" {
  description = "ARNs of the roles that read logs."
  type        = list(string)
}
