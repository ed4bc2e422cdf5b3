# Unity Catalog: where data lies, and that this workspace alone reaches it.

# The role does not trust Unity Catalog before it is told the credential's external id.
resource "databricks_storage_credential" "data" {
  name            = "${var.name}-data"
  owner           = var.admin_group
  isolation_mode  = "ISOLATION_MODE_ISOLATED"
  skip_validation = true

  aws_iam_role {
    role_arn = var.unity_catalog_role_arn
  }
}

# Databricks would try it from networks of its own, which the bucket's policy keeps out.
resource "databricks_external_location" "data" {
  name            = "${var.name}-data"
  url             = "s3://${var.data_bucket}/"
  credential_name = databricks_storage_credential.data.name
  owner           = var.admin_group
  isolation_mode  = "ISOLATION_MODE_ISOLATED"
  skip_validation = true
  comment         = "Reached as ${var.unity_catalog_policy_id}"
}

resource "databricks_catalog" "main" {
  name           = replace(var.name, "-", "_")
  owner          = var.admin_group
  storage_root   = "${databricks_external_location.data.url}catalog"
  isolation_mode = "ISOLATED"
}

# Who did what, and what it cost. Databricks enables some of them itself, which is as well.
resource "databricks_system_schema" "this" {
  for_each = toset(["access", "billing", "compute", "lakeflow", "query"])
  schema   = each.key
}
