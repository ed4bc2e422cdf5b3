variable "name" {
  description = "What every name begins with."
  type        = string
}


variable "key_arn" {
  description = "The key of logs."
  type        = string
}

variable "log_delivery_role_arn" {
  description = "The role by which Databricks delivers audit logs."
  type        = string
}

variable "guardian_arn" {
  description = "The role that alone may take back what a log says."
  type        = string
}

variable "retention_days" {
  description = "For how many days no audit log can be removed."
  type        = number
}

variable "watched_bucket_arns" {
  description = "Buckets of which every read and write is recorded."
  type        = list(string)
}
