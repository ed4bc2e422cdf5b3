variable "account_id" {
  description = "The Databricks account."
  type        = string
  default     = "11111111-2222-4333-8444-555555555555"
}

variable "office" {
  description = "The networks that people come from."
  type        = list(string)
  default     = ["198.51.100.0/24"]
}
