variable "name" {
  description = "What every name begins with."
  type        = string
}

variable "admin_group" {
  description = "The account group that owns what is in it."
  type        = string
}

variable "data_bucket" {
  description = "The bucket of the data."
  type        = string
}

variable "unity_catalog_role_arn" {
  description = "The role by which Unity Catalog reaches the bucket; it need not be there yet."
  type        = string
}

variable "unity_catalog_policy_id" {
  description = "Known once that role may do what it is for."
  type        = string
}
