# Who acts in this AWS account for Databricks, and who keeps access when everybody else is shut out.

data "aws_caller_identity" "current" {}

locals {
  names = {
    aws_account = data.aws_caller_identity.current.account_id
    account_id  = var.databricks_account_id
  }
}

resource "aws_iam_role" "cross_account" {
  name               = "${var.name}-cross-account"
  assume_role_policy = templatefile("${path.module}/policies/trust-cross-account.json", local.names)
}

# What Databricks does in this one VPC, with its own images and on its own machines, and no more:
# `lakewarden prove` shows it.
resource "aws_iam_role_policy" "cross_account" {
  name = "databricks"
  role = aws_iam_role.cross_account.id
  policy = templatefile("${path.module}/policies/cross-account.json", merge(local.names, {
    vpc            = var.vpc_id
    security_group = var.security_group_id
  }))
}

resource "aws_iam_role" "log_delivery" {
  name               = "${var.name}-log-delivery"
  assume_role_policy = templatefile("${path.module}/policies/trust-log-delivery.json", local.names)
}

resource "aws_iam_role" "unity_catalog" {
  name = "${var.name}-unity-catalog"
  assume_role_policy = templatefile("${path.module}/policies/trust-storage-credential.json", merge(local.names, {
    external_id = var.storage_credential_external_id
    role        = "${var.name}-unity-catalog"
  }))
}

resource "aws_iam_role_policy" "unity_catalog" {
  name = "data"
  role = aws_iam_role.unity_catalog.id
  policy = templatefile("${path.module}/policies/storage-credential.json", merge(local.names, {
    bucket = var.data_bucket
    key    = var.data_key_arn
    role   = "${var.name}-unity-catalog"
  }))
}

# People of this account, with a second factor.
resource "aws_iam_role" "break_glass" {
  name               = "${var.name}-break-glass"
  assume_role_policy = templatefile("${path.module}/policies/trust-break-glass.json", local.names)
}

resource "aws_iam_role_policy" "break_glass" {
  name   = "containment"
  role   = aws_iam_role.break_glass.id
  policy = templatefile("${path.module}/policies/break-glass.json", merge(local.names, { name = var.name }))
}
