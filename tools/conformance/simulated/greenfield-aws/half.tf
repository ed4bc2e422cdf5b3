# The AWS half alone: what the Databricks half would tell it, and what it tells the account.
locals {
  storage_credential_external_id = "4a4a4a4a-0000-4000-8000-00000000c0de"
}

output "references" {
  description = "The ids that the Databricks account registers, by kind and name."
  value = {
    "role.cross-account"      = module.identity.cross_account_role_arn
    "role.log-delivery"       = module.identity.log_delivery_role_arn
    "role.unity-catalog"      = local.unity_catalog_role_arn
    "bucket.root"             = module.storage.root_bucket
    "bucket.audit"            = module.logging.audit_bucket
    "key.managed-services"    = module.keys.managed_services_arn
    "key.workspace-storage"   = module.keys.workspace_storage_arn
    "endpoint.rest"           = module.network.rest_endpoint_id
    "endpoint.relay"          = module.network.relay_endpoint_id
    "endpoint.people"         = module.network.people_endpoint_id
    "vpc.clusters"            = module.network.vpc_id
    "subnet.a"                = module.network.subnet_ids[0]
    "subnet.b"                = module.network.subnet_ids[1]
    "security_group.clusters" = module.network.security_group_id
  }
}
