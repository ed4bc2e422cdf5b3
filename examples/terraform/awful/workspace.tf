# What people do in a hurry: everybody may come in, nothing ends, keys lie about.

resource "databricks_workspace_conf" "this" {
  custom_config = {
    enableIpAccessLists    = true
    enableExportNotebook   = true
    enableTokensConfig     = true
    maxTokenLifetimeDays   = 0
    enableVerboseAuditLogs = false
  }
}

resource "databricks_ip_access_list" "everybody" {
  label        = "temporary"
  list_type    = "ALLOW"
  ip_addresses = ["198.51.100.0/24", "0.0.0.0/0"]
}

resource "databricks_service_principal" "robot" {
  display_name = "robot"
}

resource "databricks_obo_token" "endless" {
  application_id = databricks_service_principal.robot.application_id
  comment        = "nightly job"
}

resource "databricks_token" "decade" {
  comment          = "laptop"
  lifetime_seconds = 315360000
}

resource "databricks_cluster" "shared" {
  cluster_name            = "shared"
  spark_version           = "15.4.x-scala2.12"
  node_type_id            = "m5.xlarge"
  num_workers             = 4
  autotermination_minutes = 0
  data_security_mode      = "NONE"

  spark_conf = {
    "spark.hadoop.fs.s3a.access.key" = "AKIAIOSFODNN7EXAMPLE"
    "spark.hadoop.fs.s3a.secret.key" = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  }
}

resource "databricks_secret_scope" "shared" {
  name                     = "shared"
  initial_manage_principal = "users"
}

resource "databricks_disable_legacy_dbfs_setting" "this" {
  disable_legacy_dbfs {
    value = false
  }
}

resource "databricks_permissions" "tokens" {
  authorization = "tokens"

  access_control {
    group_name       = "users"
    permission_level = "CAN_USE"
  }
}
