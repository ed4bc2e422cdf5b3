# The workspace, and what the account has to know of AWS for it.

resource "databricks_mws_credentials" "cross_account" {
  credentials_name = "${var.name}-cross-account"
  role_arn         = var.cross_account_role_arn
}

resource "databricks_mws_storage_configurations" "root" {
  account_id                 = var.databricks_account_id
  storage_configuration_name = "${var.name}-root"
  bucket_name                = var.root_bucket
}

resource "databricks_mws_customer_managed_keys" "managed_services" {
  account_id = var.databricks_account_id
  use_cases  = ["MANAGED_SERVICES"]

  aws_key_info {
    key_arn = var.managed_services_key
  }
}

resource "databricks_mws_customer_managed_keys" "workspace_storage" {
  account_id = var.databricks_account_id
  use_cases  = ["STORAGE"]

  aws_key_info {
    key_arn = var.workspace_storage_key
  }
}

resource "databricks_mws_vpc_endpoint" "this" {
  for_each = {
    rest   = var.rest_endpoint
    relay  = var.relay_endpoint
    people = var.people_endpoint
  }
  account_id          = var.databricks_account_id
  vpc_endpoint_name   = "${var.name}-${each.key}"
  aws_vpc_endpoint_id = each.value
  region              = var.region
}

resource "databricks_mws_networks" "this" {
  account_id         = var.databricks_account_id
  network_name       = var.name
  vpc_id             = var.vpc_id
  subnet_ids         = var.subnet_ids
  security_group_ids = [var.security_group_id]

  vpc_endpoints {
    rest_api        = [databricks_mws_vpc_endpoint.this["rest"].vpc_endpoint_id]
    dataplane_relay = [databricks_mws_vpc_endpoint.this["relay"].vpc_endpoint_id]
  }
}

resource "databricks_mws_private_access_settings" "this" {
  private_access_settings_name = var.name
  region                       = var.region
  public_access_enabled        = var.public_access
  private_access_level         = "ENDPOINT"
  allowed_vpc_endpoint_ids     = [databricks_mws_vpc_endpoint.this["people"].vpc_endpoint_id]
}

resource "databricks_mws_workspaces" "this" {
  account_id                               = var.databricks_account_id
  workspace_name                           = var.name
  aws_region                               = var.region
  credentials_id                           = databricks_mws_credentials.cross_account.credentials_id
  storage_configuration_id                 = databricks_mws_storage_configurations.root.storage_configuration_id
  network_id                               = databricks_mws_networks.this.network_id
  private_access_settings_id               = databricks_mws_private_access_settings.this.private_access_settings_id
  managed_services_customer_managed_key_id = databricks_mws_customer_managed_keys.managed_services.customer_managed_key_id
  storage_customer_managed_key_id          = databricks_mws_customer_managed_keys.workspace_storage.customer_managed_key_id
  custom_tags                              = var.tags
}

data "databricks_group" "assigned" {
  for_each     = var.groups
  display_name = each.key
}

resource "databricks_mws_permission_assignment" "assigned" {
  for_each     = var.groups
  workspace_id = databricks_mws_workspaces.this.workspace_id
  principal_id = data.databricks_group.assigned[each.key].id
  permissions  = [each.value]
  depends_on   = [databricks_metastore_assignment.this]
}
