# What holds for the whole Databricks account, and for every workspace that is made later.

resource "databricks_disable_legacy_features_setting" "this" {
  disable_legacy_features {
    value = true
  }
}

resource "databricks_account_setting_v2" "partner_models" {
  name = "llm_proxy_partner_powered"

  boolean_val = {
    value = false
  }
}

resource "databricks_budget" "monthly" {
  display_name = "${var.name}-monthly"

  alert_configurations {
    time_period        = "MONTH"
    trigger_type       = "CUMULATIVE_SPENDING_EXCEEDED"
    quantity_type      = "LIST_PRICE_DOLLARS_USD"
    quantity_threshold = tostring(var.budget.amount)

    action_configurations {
      action_type = "EMAIL_NOTIFICATION"
      target      = var.budget.email
    }
  }
}
