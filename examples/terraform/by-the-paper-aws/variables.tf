variable "region" {
  description = "The region of the workspaces."
  type        = string
  default     = "us-east-1"
}

variable "databricks_account_id" {
  description = "The Databricks account: the external id of its roles, the tag of its principals."
  type        = string
  default     = "33333333-3333-4333-8333-333333333333"
}

variable "unity_catalog_external_id" {
  description = "The external id of the Unity Catalog storage credential."
  type        = string
  default     = "3a3a3a3a-0000-4000-8000-00000000c0de"
}

variable "endpoint_services" {
  description = "Databricks' PrivateLink services of the region, by what they lead to."
  type        = map(string)
  default = {
    rest  = "vpce-svc-09143d1e626de2f04"
    relay = "vpce-svc-00018a8c3ff62ffdf"
  }
}

variable "quotas" {
  description = "The most vCPUs that may run at once, by the code of EC2's quota."
  type        = map(number)
  default = {
    "L-1216C47A" = 256
    "L-34B43A08" = 256
  }
}

data "aws_caller_identity" "current" {}

locals {
  prefix      = "hs"
  aws_account = data.aws_caller_identity.current.account_id

  workspaces = {
    research   = { id = "3001", cidr = "10.31.0.0/16" }
    production = { id = "3002", cidr = "10.32.0.0/16" }
  }

  # The network that people come from, beside those of the workspaces.
  networks = merge(
    { for name, workspace in local.workspaces : name => workspace.cidr },
    { transit = "10.30.0.0/24" },
  )

  # Two subnets a network, a quarter of it each, in two zones.
  subnets = merge([
    for network, cidr in local.networks : {
      for index, zone in ["a", "b"] : "${network}-${zone}" => {
        network = network
        zone    = "${var.region}${zone}"
        cidr    = cidrsubnet(cidr, 2, index)
      }
    }
  ]...)

  # What every document of `policies/` may name.
  names = {
    account_id  = var.databricks_account_id
    aws_account = local.aws_account
    region      = var.region
  }
}
