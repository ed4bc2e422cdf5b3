variable "region" {
  description = "The region of the workspaces."
  type        = string
  default     = "us-east-1"
}

variable "databricks_account_id" {
  description = "The Databricks account: the external id of its roles, the tag of its principals."
  type        = string
  default     = "22222222-2222-4222-8222-222222222222"
}

variable "unity_catalog_external_id" {
  description = "The external id of the Unity Catalog storage credential."
  type        = string
  default     = "2a2a2a2a-0000-4000-8000-00000000c0de"
}

data "aws_caller_identity" "current" {}

locals {
  prefix      = "ty"
  aws_account = data.aws_caller_identity.current.account_id

  # The AWS accounts and roles of Databricks that the deployment trusts.
  databricks_root          = "arn:aws:iam::414351767826:root"
  databricks_log_delivery  = "arn:aws:iam::414351767826:role/SaasUsageDeliveryRole-prod-IAMRole-3PLHICCRR1TK"
  databricks_unity_catalog = "arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL"

  workspaces = {
    analytics  = { cidr = "10.21.0.0/16", nat = "10.21.255.0/28" }
    production = { cidr = "10.22.0.0/16", nat = "10.22.255.0/28" }
  }

  # Two subnets a workspace, a quarter of its network each, in two zones.
  subnets = merge([
    for workspace, network in local.workspaces : {
      for index, zone in ["a", "b"] : "${workspace}-${zone}" => {
        workspace = workspace
        zone      = "${var.region}${zone}"
        cidr      = cidrsubnet(network.cidr, 2, index)
      }
    }
  ]...)
}
