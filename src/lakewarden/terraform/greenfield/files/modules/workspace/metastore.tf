# Unity Catalog for the workspace. Groups of the account can be let in only once it is there.

resource "databricks_metastore" "this" {
  count                                             = var.metastore_id == null ? 1 : 0
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
  metastore_id = local.metastore_id
  workspace_id = databricks_mws_workspaces.this.workspace_id
}
