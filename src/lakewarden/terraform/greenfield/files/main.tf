# The AWS side. What Databricks makes of it is in databricks.tf.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  root_bucket = "${var.name}-root"
  data_bucket = "${var.name}-data"

  # Roles by their names, so that a plan shows what each policy says. Unity Catalog's is told of before
  # it is there: only then does Databricks say which external id it is to ask for. Each role stands by
  # itself wherever it is named: together they would wait for one another.
  roles                  = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role"
  unity_catalog_role_arn = "${local.roles}/${var.name}-unity-catalog"
}

module "network" {
  source            = "./modules/network"
  name              = var.name
  region            = local.region
  vpc_cidr          = var.vpc_cidr
  transit_cidr      = var.transit_cidr
  people_networks   = var.people_networks
  endpoint_services = var.endpoint_services
  allowed_domains   = var.allowed_domains
  root_bucket       = local.root_bucket
  data_bucket       = local.data_bucket
  flow_logs_bucket  = module.logging.trail_bucket_arn
}

module "identity" {
  source                         = "./modules/identity"
  name                           = var.name
  databricks_account_id          = var.databricks_account_id
  vpc_id                         = module.network.vpc_id
  security_group_id              = module.network.security_group_id
  data_bucket                    = local.data_bucket
  data_key_arn                   = module.keys.data_arn
  storage_credential_external_id = local.storage_credential_external_id
}

module "keys" {
  source                 = "./modules/keys"
  name                   = var.name
  databricks_account_id  = var.databricks_account_id
  keepers                = concat(var.key_keepers, ["${local.roles}/${module.identity.break_glass_role}"])
  cross_account_role_arn = "${local.roles}/${module.identity.cross_account_role}"
  unity_catalog_role_arn = "${local.roles}/${module.identity.unity_catalog_role}"
  log_delivery_role_arn  = "${local.roles}/${module.identity.log_delivery_role}"
  log_readers            = concat(var.log_readers, ["${local.roles}/${module.identity.break_glass_role}"])
}

module "storage" {
  source                = "./modules/storage"
  root_bucket           = local.root_bucket
  data_bucket           = local.data_bucket
  databricks_account_id = var.databricks_account_id
  root_key_arn          = module.keys.workspace_storage_arn
  data_key_arn          = module.keys.data_arn
  s3_endpoint_id        = module.network.s3_endpoint_id
  guardian_arn          = "${local.roles}/${module.identity.break_glass_role}"
}

module "logging" {
  source                = "./modules/logging"
  name                  = var.name
  key_arn               = module.keys.logs_arn
  log_delivery_role_arn = "${local.roles}/${module.identity.log_delivery_role}"
  guardian_arn          = "${local.roles}/${module.identity.break_glass_role}"
  retention_days        = var.retention_days
  watched_bucket_arns   = [module.storage.root_bucket_arn, module.storage.data_bucket_arn]
}

module "guardrails" {
  count         = var.manage_aws_account ? 1 : 0
  source        = "./modules/guardrails"
  name          = var.name
  config_bucket = module.logging.trail_bucket
  quotas        = var.quotas
  cost_tags     = var.cost_tags
}
