# The audit log of the whole account. A delivery cannot be deleted, only switched off, and an account
# has two at most.

resource "databricks_mws_credentials" "log_delivery" {
  credentials_name = "${var.name}-log-delivery"
  role_arn         = var.log_delivery_role_arn
}

resource "databricks_mws_storage_configurations" "audit" {
  account_id                 = var.databricks_account_id
  storage_configuration_name = "${var.name}-audit-logs"
  bucket_name                = var.audit_bucket
}

resource "databricks_mws_log_delivery" "audit" {
  account_id               = var.databricks_account_id
  config_name              = "${var.name}-audit"
  credentials_id           = databricks_mws_credentials.log_delivery.credentials_id
  storage_configuration_id = databricks_mws_storage_configurations.audit.storage_configuration_id
  delivery_path_prefix     = "audit"
  log_type                 = "AUDIT_LOGS"
  output_format            = "JSON"
}
