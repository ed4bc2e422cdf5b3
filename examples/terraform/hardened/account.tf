module "network" {
  source     = "./network"
  account_id = var.account_id
  providers  = { databricks = databricks.account }
}

module "workspace" {
  source     = "./workspace"
  account_id = var.account_id
  network_id = module.network.network_id
  front_door = module.network.front_door
  storage_id = databricks_mws_storage_configurations.this["root"].storage_configuration_id
  key_id     = databricks_mws_customer_managed_keys.this.customer_managed_key_id
  providers  = { databricks = databricks.account }
}

resource "databricks_account_network_policy" "closed" {
  provider          = databricks.account
  network_policy_id = "closed"

  ingress = {
    cross_workspace_access = {
      restriction_mode = "RESTRICTED_ACCESS"
    }
  }

  egress = {
    network_access = {
      restriction_mode   = "RESTRICTED_ACCESS"
      policy_enforcement = { enforcement_mode = "ENFORCED" }
    }
  }
}

resource "databricks_workspace_network_option" "this" {
  provider          = databricks.account
  workspace_id      = module.workspace.id
  network_policy_id = databricks_account_network_policy.closed.network_policy_id
}
