variable "name" {
  description = "What every name begins with."
  type        = string
}

variable "people_addresses" {
  description = "Public addresses that people come from."
  type        = list(string)
}

variable "break_glass_group" {
  description = "The account group that keeps access in an emergency."
  type        = string
}

variable "token_group" {
  description = "The account group that may use tokens; null for nobody."
  type        = string
}

variable "token_days" {
  description = "The longest life of a token."
  type        = number
}

variable "user_group" {
  description = "The account group that may start clusters."
  type        = string
}

variable "git_hosts" {
  description = "URL prefixes that code may come from."
  type        = list(string)
}

variable "package_index" {
  description = "The URL of the index of Python packages."
  type        = string
}

variable "default_catalog" {
  description = "The catalog of tables that are named without one."
  type        = string
}

variable "compliance_standards" {
  description = "Standards of the compliance security profile; null leaves it off."
  type        = list(string)
}

variable "tags" {
  description = "Tags that every cluster carries."
  type        = map(string)
}
