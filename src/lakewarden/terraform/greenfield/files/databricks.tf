# The Databricks side: the account first, then the workspace, then what is set inside it.

locals {
  storage_credential_external_id = module.catalog.storage_credential_external_id

  groups = merge(
    { for group in compact([var.user_group, var.break_glass_group, var.token_group]) : group => "USER" },
    { (var.admin_group) = "ADMIN" },
  )
}

module "account" {
  source    = "./modules/account"
  name      = var.name
  budget    = var.budget
  providers = { databricks = databricks.account }
}

module "workspace" {
  source                 = "./modules/workspace"
  name                   = var.name
  region                 = local.region
  databricks_account_id  = var.databricks_account_id
  cross_account_role_arn = module.identity.cross_account_role_arn
  log_delivery_role_arn  = module.identity.log_delivery_role_arn
  root_bucket            = module.storage.root_bucket
  data_bucket            = local.data_bucket
  audit_bucket           = module.logging.audit_bucket
  managed_services_key   = module.keys.managed_services_arn
  workspace_storage_key  = module.keys.workspace_storage_arn
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.subnet_ids
  security_group_id      = module.network.security_group_id
  rest_endpoint          = module.network.rest_endpoint_id
  relay_endpoint         = module.network.relay_endpoint_id
  people_endpoint        = module.network.people_endpoint_id
  public_access          = var.public_access
  people_addresses       = var.people_addresses
  allowed_domains        = var.allowed_domains
  metastore_id           = var.metastore_id
  admin_group            = var.admin_group
  groups                 = local.groups
  tags                   = var.tags
  providers              = { databricks = databricks.account }
}

module "catalog" {
  source                  = "./modules/catalog"
  name                    = var.name
  admin_group             = var.admin_group
  data_bucket             = module.storage.data_bucket
  unity_catalog_role_arn  = local.unity_catalog_role_arn
  unity_catalog_policy_id = module.identity.unity_catalog_policy_id
  providers               = { databricks = databricks.workspace }
}

module "hardening" {
  source               = "./modules/hardening"
  name                 = var.name
  people_addresses     = var.people_addresses
  break_glass_group    = var.break_glass_group
  token_group          = var.token_group
  token_days           = var.token_days
  user_group           = var.user_group
  git_hosts            = var.git_hosts
  package_index        = var.package_index
  default_catalog      = module.catalog.catalog
  compliance_standards = var.compliance_standards
  tags                 = var.tags
  providers            = { databricks = databricks.workspace }
}
