terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
    databricks = {
      source  = "databricks/databricks"
      version = "~> 1.118"
    }
  }
}

provider "aws" {
  region = local.region
}

# The account; sign in with a service principal that administers it.
provider "databricks" {
  alias      = "account"
  host       = "https://accounts.cloud.databricks.com"
  account_id = var.databricks_account_id
}

# The workspace, once it is there.
provider "databricks" {
  alias = "workspace"
  host  = module.workspace.url
}
