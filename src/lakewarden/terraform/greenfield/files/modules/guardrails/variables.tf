variable "name" {
  description = "What every name begins with."
  type        = string
}

variable "config_bucket" {
  description = "The bucket that AWS Config writes to."
  type        = string
}

variable "quotas" {
  description = "The most vCPUs that may run at once, by the code of EC2's quota."
  type        = map(number)
}

variable "cost_tags" {
  description = "Keys of tags that split the bill. AWS knows a key a day after it was first used."
  type        = set(string)
}
