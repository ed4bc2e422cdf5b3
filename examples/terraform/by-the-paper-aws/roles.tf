resource "aws_iam_role" "cross_account" {
  for_each           = local.workspaces
  name               = "${local.prefix}-cross-account-${each.key}"
  assume_role_policy = templatefile("${path.module}/policies/trust-cross-account.json", local.names)
  tags               = { Name = "${local.prefix}-cross-account-${each.key}" }
}

# What Databricks does in a network that the customer manages, in this one VPC.
resource "aws_iam_role_policy" "cross_account" {
  for_each = local.workspaces
  name     = "databricks"
  role     = aws_iam_role.cross_account[each.key].id
  policy = templatefile("${path.module}/policies/cross-account-restricted.json", merge(local.names, {
    vpc            = aws_vpc.deployment[each.key].id
    security_group = aws_security_group.workspace[each.key].id
  }))
}

# What it may not do beside that: the policy above does not hold it to the VPC, to Databricks' images
# and to what carries Databricks' tag.
resource "aws_iam_role_policy" "cross_account_guard" {
  for_each = local.workspaces
  name     = "guard"
  role     = aws_iam_role.cross_account[each.key].id
  policy = templatefile("${path.module}/policies/cross-account-guard.json", merge(local.names, {
    vpc = aws_vpc.deployment[each.key].id
  }))
}

resource "aws_iam_role" "log_delivery" {
  name               = "${local.prefix}-log-delivery"
  assume_role_policy = templatefile("${path.module}/policies/trust-log-delivery.json", local.names)
  tags               = { Name = "${local.prefix}-log-delivery" }
}

resource "aws_iam_role" "unity_catalog" {
  name = "${local.prefix}-unity-catalog"
  tags = { Name = "${local.prefix}-unity-catalog" }
  assume_role_policy = templatefile("${path.module}/policies/trust-unity-catalog.json", merge(local.names, {
    external_id = var.unity_catalog_external_id
    role_name   = "${local.prefix}-unity-catalog"
  }))
}

resource "aws_iam_role_policy" "unity_catalog" {
  for_each = { bucket = "unity-catalog-access", key = "unity-catalog-key-access" }
  name     = each.key
  role     = aws_iam_role.unity_catalog.id
  policy = templatefile("${path.module}/policies/${each.value}.json", merge(local.names, {
    bucket    = "${local.prefix}-lakehouse-data"
    key_alias = "${local.prefix}-data"
    role_name = "${local.prefix}-unity-catalog"
  }))
}

# Who may still act when everybody else is shut out: people of this account, with a second factor.
resource "aws_iam_role" "break_glass" {
  name = "${local.prefix}-break-glass"
  tags = { Name = "${local.prefix}-break-glass" }
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${local.aws_account}:root" }
      Action    = "sts:AssumeRole"
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }
    }]
  })
}

resource "aws_iam_role_policy" "break_glass" {
  name = "containment"
  role = aws_iam_role.break_glass.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ShutTheRoles"
        Effect   = "Allow"
        Action   = ["iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:UpdateAssumeRolePolicy"]
        Resource = "arn:aws:iam::${local.aws_account}:role/${local.prefix}-cross-account-*"
      },
      {
        Sid    = "ShutTheKeys"
        Effect = "Allow"
        Action = [
          "kms:CancelKeyDeletion",
          "kms:DisableKey",
          "kms:EnableKey",
          "kms:PutKeyPolicy",
          "kms:RevokeGrant",
        ]
        Resource = "arn:aws:kms:${var.region}:${local.aws_account}:key/*"
      },
      {
        Sid       = "StopTheInstances"
        Effect    = "Allow"
        Action    = ["ec2:StopInstances", "ec2:TerminateInstances"]
        Resource  = "arn:aws:ec2:${var.region}:${local.aws_account}:instance/*"
        Condition = { StringEquals = { "ec2:ResourceTag/Vendor" = "Databricks" } }
      },
    ]
  })
}
