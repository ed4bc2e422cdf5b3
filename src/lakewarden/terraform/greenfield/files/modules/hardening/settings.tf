# Settings of the workspace, each a resource of its own.

resource "databricks_aibi_dashboard_embedding_access_policy_setting" "this" {
  aibi_dashboard_embedding_access_policy {
    access_policy_type = "DENY_ALL_DOMAINS"
  }
}

# The compliance security profile switches updates and monitoring on by itself, so it comes first.
resource "databricks_automatic_cluster_update_workspace_setting" "this" {
  depends_on = [databricks_compliance_security_profile_workspace_setting.this]

  automatic_cluster_update_workspace {
    enabled                              = true
    restart_even_if_no_updates_available = false

    maintenance_window {
      week_day_based_schedule {
        day_of_week = "SUNDAY"
        frequency   = "FIRST_AND_THIRD_OF_MONTH"

        window_start_time {
          hours   = 2
          minutes = 0
        }
      }
    }
  }
}

resource "databricks_compliance_security_profile_workspace_setting" "this" {
  count = var.compliance_standards == null ? 0 : 1

  compliance_security_profile_workspace {
    is_enabled           = true
    compliance_standards = var.compliance_standards
  }
}

resource "databricks_enhanced_security_monitoring_workspace_setting" "this" {
  depends_on = [databricks_compliance_security_profile_workspace_setting.this]

  enhanced_security_monitoring_workspace {
    is_enabled = true
  }
}

resource "databricks_default_namespace_setting" "this" {
  namespace {
    value = var.default_catalog
  }
}

resource "databricks_disable_legacy_access_setting" "this" {
  disable_legacy_access {
    value = true
  }
}

resource "databricks_disable_legacy_dbfs_setting" "this" {
  disable_legacy_dbfs {
    value = true
  }
}

resource "databricks_restrict_workspace_admins_setting" "this" {
  restrict_workspace_admins {
    status = "RESTRICT_TOKENS_AND_JOB_RUN_AS"
  }
}

resource "databricks_workspace_setting_v2" "switch" {
  for_each = {
    embedded_genie                   = false
    enforceGitAppDeployments         = true
    exp_sp_token_notif               = true
    external_access_to_managed_delta = false
    llm_proxy_partner_powered        = false
    pkg_repo_api_cluster             = true
    pkg_repo_dlt                     = true
    pkg_repo_ui_cluster              = true
    remote_query_tvf                 = false
    tabular_subscription_attachments = false
    third_party_agent_connectors     = false
  }
  name        = each.key
  boolean_val = { value = each.value }
}

resource "databricks_workspace_setting_v2" "apps" {
  name                         = "allowedAppsUserApiScopes"
  allowed_apps_user_api_scopes = { allowed_scopes = [] }
}

resource "databricks_workspace_setting_v2" "chat" {
  name                                = "collaboration_platform_connectivity"
  collaboration_platform_connectivity = { connectivity = "DENY_ALL" }
}

resource "databricks_sql_global_config" "this" {
  security_policy = "DATA_ACCESS_CONTROL"
}
