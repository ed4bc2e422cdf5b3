resource "databricks_workspace_conf" "this" {
  custom_config = {
    enableIpAccessLists              = "true"
    enableTokensConfig               = "true"
    maxTokenLifetimeDays             = "30"
    enableVerboseAuditLogs           = "true"
    enableExportNotebook             = "false"
    enableResultsDownloading         = "false"
    enableNotebookTableClipboard     = "false"
    mlflowRunArtifactDownloadEnabled = "false"
    enable-X-Frame-Options           = "true"
    enable-X-Content-Type-Options    = "true"
    enable-X-XSS-Protection          = "true"
  }
}

resource "databricks_ip_access_list" "office" {
  label        = "office"
  list_type    = "ALLOW"
  ip_addresses = var.office
}

resource "databricks_restrict_workspace_admins_setting" "this" {
  restrict_workspace_admins {
    status = "RESTRICT_TOKENS_AND_JOB_RUN_AS"
  }
}

resource "databricks_disable_legacy_dbfs_setting" "this" {
  disable_legacy_dbfs {
    value = true
  }
}

resource "databricks_group" "engineers" {
  display_name = "engineers"
}

resource "databricks_service_principal" "etl" {
  display_name = "etl"
}

resource "databricks_obo_token" "etl" {
  application_id   = databricks_service_principal.etl.application_id
  comment          = "etl, thirty days"
  lifetime_seconds = 2592000
}

resource "databricks_permissions" "tokens" {
  authorization = "tokens"

  access_control {
    service_principal_name = databricks_service_principal.etl.application_id
    permission_level       = "CAN_USE"
  }
}

resource "databricks_cluster_policy" "small" {
  name                  = "small"
  max_clusters_per_user = 2
  definition = jsonencode({
    "autotermination_minutes" = { type = "range", minValue = 10, maxValue = 60, defaultValue = 30 }
    "num_workers"             = { type = "range", maxValue = 8 }
    "node_type_id"            = { type = "allowlist", values = ["m6i.xlarge"] }
    "driver_node_type_id"     = { type = "fixed", value = "m6i.xlarge" }
    "instance_pool_id"        = { type = "forbidden" }
    "driver_instance_pool_id" = { type = "forbidden" }
    "data_security_mode"      = { type = "fixed", value = "USER_ISOLATION" }
    "custom_tags.team"        = { type = "fixed", value = "data" }
  })
}

resource "databricks_cluster" "analysts" {
  cluster_name            = "analysts"
  spark_version           = "15.4.x-scala2.12"
  node_type_id            = "m6i.xlarge"
  num_workers             = 2
  autotermination_minutes = 30
  data_security_mode      = "USER_ISOLATION"
  policy_id               = databricks_cluster_policy.small.id
  custom_tags             = { team = "data" }

  spark_conf = {
    "spark.sql.shuffle.partitions" = "64"
  }
}

resource "databricks_job" "etl" {
  name = "etl"

  run_as {
    service_principal_name = databricks_service_principal.etl.application_id
  }

  git_source {
    url      = "https://github.com/example/etl"
    provider = "gitHub"
    tag      = "v1.4.0"
  }

  schedule {
    quartz_cron_expression = "0 0 3 * * ?"
    timezone_id            = "UTC"
  }

  task {
    task_key = "load"
    notebook_task {
      notebook_path = "etl/load"
      source        = "GIT"
    }
  }
}

resource "databricks_permissions" "etl" {
  job_id = databricks_job.etl.id

  access_control {
    group_name       = databricks_group.engineers.display_name
    permission_level = "CAN_VIEW"
  }
}

resource "databricks_secret_scope" "warehouse" {
  name = "warehouse"
}

resource "databricks_secret_acl" "engineers" {
  scope      = databricks_secret_scope.warehouse.name
  principal  = databricks_group.engineers.display_name
  permission = "READ"
}

resource "databricks_external_location" "data" {
  name            = "data"
  url             = "s3://hardened-data/"
  credential_name = "data"
}
