# Unity Catalog: who governs it, where data lies, and that this workspace alone reaches it.

resource "databricks_metastore" "this" {
  count                                             = var.metastore_id == null ? 1 : 0
  provider                                          = databricks.account
  name                                              = "${var.name}-${var.region}"
  region                                            = var.region
  owner                                             = var.admin_group
  delta_sharing_scope                               = "INTERNAL"
  delta_sharing_recipient_token_lifetime_in_seconds = 2592000
  external_access_enabled                           = false
}

locals {
  metastore_id = var.metastore_id == null ? databricks_metastore.this[0].metastore_id : var.metastore_id
}

resource "databricks_metastore_assignment" "this" {
  provider     = databricks.account
  metastore_id = local.metastore_id
  workspace_id = var.workspace_id
}

# The role does not trust Unity Catalog before it is told the credential's external id.
resource "databricks_storage_credential" "data" {
  provider        = databricks.workspace
  name            = "${var.name}-data"
  owner           = var.admin_group
  isolation_mode  = "ISOLATION_MODE_ISOLATED"
  skip_validation = true
  depends_on      = [databricks_metastore_assignment.this]

  aws_iam_role {
    role_arn = var.unity_catalog_role_arn
  }
}

resource "databricks_external_location" "data" {
  provider        = databricks.workspace
  name            = "${var.name}-data"
  url             = "s3://${var.data_bucket}/"
  credential_name = databricks_storage_credential.data.name
  owner           = var.admin_group
  isolation_mode  = "ISOLATION_MODE_ISOLATED"
  comment         = "Reached as ${var.unity_catalog_policy_id}"
}

resource "databricks_catalog" "main" {
  provider       = databricks.workspace
  name           = replace(var.name, "-", "_")
  owner          = var.admin_group
  storage_root   = "${databricks_external_location.data.url}catalog"
  isolation_mode = "ISOLATED"
}

# Who did what, and what it cost. Databricks enables some of them itself, which is as well.
resource "databricks_system_schema" "this" {
  for_each   = toset(["access", "billing", "compute", "lakeflow", "query"])
  provider   = databricks.workspace
  schema     = each.key
  depends_on = [databricks_metastore_assignment.this]
}
