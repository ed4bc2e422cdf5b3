variable "name" {
  description = "What the name of everything begins with, buckets included: unlike any other in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.name))
    error_message = "Lower-case letters, digits and hyphens; 3 to 22 of them."
  }
}

variable "databricks_account_id" {
  description = "The Databricks account."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.databricks_account_id))
    error_message = "The account's id is a UUID; the account console shows it."
  }
}

variable "vpc_cidr" {
  description = "The addresses of the workspace's VPC: /16, and no others that people or peers have."
  type        = string
  default     = "10.31.0.0/16"

  validation {
    condition     = can(regex("/16$", var.vpc_cidr))
    error_message = "The VPC is a /16: its subnets are cut from that."
  }
}

variable "transit_cidr" {
  description = "The addresses of the VPC that people come through."
  type        = string
  default     = "10.30.0.0/24"
}

variable "people_networks" {
  description = "Private networks from which people reach the workspace, such as that of the VPN."
  type        = list(string)
}

variable "people_addresses" {
  description = "Public addresses that people, and whoever runs Terraform, come from. Whoever is not among them is shut out."
  type        = list(string)

  validation {
    condition     = length(var.people_addresses) > 0 && alltrue([for a in var.people_addresses : !can(regex("/[0-9]$", a))])
    error_message = "Name at least one network, and none as wide as /9."
  }
}

variable "allowed_domains" {
  description = "Domains that clusters and serverless compute may reach; without any, there is no way to the internet."
  type        = list(string)
  default     = []
}

variable "key_keepers" {
  description = "ARNs of the roles that keep the keys beside the role for emergencies: that of Terraform among them, or AWS refuses the keys."
  type        = list(string)

  validation {
    condition     = length(var.key_keepers) > 0
    error_message = "Name the role that runs Terraform: without a keeper nobody could change the keys again."
  }
}

variable "log_readers" {
  description = "ARNs of the roles that read logs, such as that of your SIEM, beside the role for emergencies. What lets them read the buckets is theirs to bring."
  type        = list(string)
  default     = []
}

variable "retention_days" {
  description = "For how many days no audit log can be removed."
  type        = number
  default     = 365
}

variable "manage_aws_account" {
  description = "Whether to set what holds for the whole AWS account: see modules/guardrails."
  type        = bool
  default     = true
}

variable "quotas" {
  description = "The most vCPUs that may run at once, by the code of EC2's quota: here standard machines on demand and on spot."
  type        = map(number)
  default = {
    "L-1216C47A" = 256
    "L-34B43A08" = 256
  }
}

variable "cost_tags" {
  description = "Keys of tags that split the bill. AWS knows a key a day after it was first used, so name none at first."
  type        = set(string)
  default     = []
}

variable "tags" {
  description = "Tags of the workspace, and of whatever its clusters cost."
  type        = map(string)
  default     = {}
}

variable "admin_group" {
  description = "An account group of administrators' own accounts: it administers the workspace and owns the metastore. Whoever runs Terraform belongs to it."
  type        = string
}

variable "user_group" {
  description = "An account group of those who work in the workspace."
  type        = string
}

variable "break_glass_group" {
  description = "An account group of the few who keep access in an emergency."
  type        = string
}

variable "token_group" {
  description = "An account group that may use personal access tokens; null for nobody, which is best."
  type        = string
  default     = null
}

variable "token_days" {
  description = "The longest life of a personal access token."
  type        = number
  default     = 90

  validation {
    condition     = var.token_days >= 1 && var.token_days <= 90
    error_message = "Between 1 and 90 days."
  }
}

variable "git_hosts" {
  description = "URL prefixes that code may come from, such as https://github.com/acme/."
  type        = list(string)

  validation {
    condition     = length(var.git_hosts) > 0 && alltrue([for url in var.git_hosts : can(regex("^https://[^/]+/[^/]+/", url))])
    error_message = "Name at least one, each with a folder below the host: a whole host takes in everybody's code there."
  }
}

variable "package_index" {
  description = "The URL of your own index of Python packages, without credentials. Clusters reach it when allowed_domains has its host."
  type        = string

  validation {
    condition     = can(regex("^https://[^@]+$", var.package_index))
    error_message = "A URL with https and without user name or password."
  }
}

variable "public_access" {
  description = "Whether people may come over the internet too, from people_addresses. The first apply needs it, unless Terraform runs in people_networks: see README.md."
  type        = bool
  default     = false
}

variable "metastore_id" {
  description = "The metastore of the region, where the account has one: there is one for each region. Null makes it."
  type        = string
  default     = null
}

variable "compliance_standards" {
  description = "Standards of the compliance security profile. It cannot be switched off again; null leaves it off."
  type        = list(string)
  default     = ["NONE"]
}

variable "budget" {
  description = "What a month may cost in US dollars at list price before somebody is told, and whom to tell."
  type        = object({ amount = number, email = string })
}
