# A key for what Databricks stores of its own (notebooks, secrets, queries), one for the root bucket
# and the volumes of clusters, one for data, one for logs. Each policy names everybody who may use
# the key, so that no other policy of the account opens it.

data "aws_caller_identity" "current" {}

locals {
  names = {
    aws_account = data.aws_caller_identity.current.account_id
    account_id  = var.databricks_account_id
    keepers     = jsonencode(var.keepers)
  }
}

resource "aws_kms_key" "managed_services" {
  description             = "${var.name}-managed-services"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = templatefile("${path.module}/policies/key-managed-services.json", local.names)
  tags                    = { Name = "${var.name}-managed-services" }
}

resource "aws_kms_key" "workspace_storage" {
  description             = "${var.name}-workspace-storage"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = { Name = "${var.name}-workspace-storage" }
  policy = templatefile("${path.module}/policies/key-workspace-storage.json", merge(local.names, {
    cross_account_role = var.cross_account_role_arn
  }))
}

resource "aws_kms_key" "data" {
  description             = "${var.name}-data"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = { Name = "${var.name}-data" }
  policy = templatefile("${path.module}/policies/key-data.json", merge(local.names, {
    unity_catalog_role = var.unity_catalog_role_arn
  }))
}

resource "aws_kms_key" "logs" {
  description             = "${var.name}-logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = { Name = "${var.name}-logs" }
  policy = templatefile("${path.module}/policies/key-logs.json", merge(local.names, {
    log_delivery_role = var.log_delivery_role_arn
    readers           = jsonencode(var.log_readers)
  }))
}
