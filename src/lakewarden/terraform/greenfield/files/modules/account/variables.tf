variable "name" {
  description = "What every name begins with."
  type        = string
}

variable "budget" {
  description = "What a month may cost in US dollars before somebody is told, and whom to tell."
  type        = object({ amount = number, email = string })
}
