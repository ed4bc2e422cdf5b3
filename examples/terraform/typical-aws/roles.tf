data "aws_iam_policy_document" "cross_account_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [local.databricks_root]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.databricks_account_id]
    }
  }
}

resource "aws_iam_role" "cross_account" {
  for_each           = local.workspaces
  name               = "${local.prefix}-cross-account-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.cross_account_trust.json
  tags               = { Name = "${local.prefix}-cross-account-${each.key}" }
}

resource "aws_iam_role_policy" "cross_account" {
  for_each = local.workspaces
  name     = "databricks"
  role     = aws_iam_role.cross_account[each.key].id
  policy   = data.aws_iam_policy_document.cross_account.json
}

# What Databricks does in a network that the customer manages.
data "aws_iam_policy_document" "cross_account" {
  statement {
    resources = ["*"]
    actions = formatlist("ec2:%s", [
      "AssignPrivateIpAddresses", "AssociateIamInstanceProfile", "AttachVolume",
      "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress",
      "CancelSpotInstanceRequests", "CreateFleet", "CreateLaunchTemplate",
      "CreateLaunchTemplateVersion", "CreateTags", "CreateVolume", "DeleteFleets",
      "DeleteLaunchTemplate", "DeleteLaunchTemplateVersions", "DeleteTags", "DeleteVolume",
      "DescribeAvailabilityZones", "DescribeFleetHistory", "DescribeFleetInstances",
      "DescribeFleets", "DescribeIamInstanceProfileAssociations", "DescribeInstanceStatus",
      "DescribeInstances", "DescribeInternetGateways", "DescribeLaunchTemplateVersions",
      "DescribeLaunchTemplates", "DescribeNatGateways", "DescribeNetworkAcls",
      "DescribePrefixLists", "DescribeReservedInstancesOfferings", "DescribeRouteTables",
      "DescribeSecurityGroups", "DescribeSpotInstanceRequests", "DescribeSpotPriceHistory",
      "DescribeSubnets", "DescribeVolumes", "DescribeVpcAttribute", "DescribeVpcs",
      "DetachVolume", "DisassociateIamInstanceProfile", "GetLaunchTemplateData",
      "GetSpotPlacementScores", "ModifyFleet", "ModifyLaunchTemplate",
      "ReplaceIamInstanceProfileAssociation", "RequestSpotInstances",
      "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RunInstances",
      "TerminateInstances",
    ])
  }

  statement {
    actions   = ["iam:CreateServiceLinkedRole", "iam:PutRolePolicy"]
    resources = ["arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"]

    condition {
      test     = "StringLike"
      variable = "iam:AWSServiceName"
      values   = ["spot.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "log_delivery" {
  name = "${local.prefix}-log-delivery"
  tags = { Name = "${local.prefix}-log-delivery" }
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.databricks_log_delivery }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.databricks_account_id } }
    }]
  })
}

resource "aws_iam_role" "unity_catalog" {
  name = "${local.prefix}-unity-catalog"
  tags = { Name = "${local.prefix}-unity-catalog" }
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "UnityCatalog"
        Effect    = "Allow"
        Principal = { AWS = local.databricks_unity_catalog }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "sts:ExternalId" = var.unity_catalog_external_id } }
      },
      {
        Sid       = "Itself"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.aws_account}:root" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "sts:ExternalId" = var.unity_catalog_external_id }
          ArnLike      = { "aws:PrincipalArn" = "arn:aws:iam::${local.aws_account}:role/${local.prefix}-unity-catalog" }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "unity_catalog" {
  name = "bucket"
  role = aws_iam_role.unity_catalog.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Bucket"
        Effect = "Allow"
        Action = [
          "s3:GetObject",
          "s3:PutObject",
          "s3:DeleteObject",
          "s3:ListBucket",
          "s3:GetBucketLocation",
          "s3:ListBucketMultipartUploads",
          "s3:ListMultipartUploadParts",
          "s3:AbortMultipartUpload",
        ]
        Resource = local.contents["lakehouse-data"]
      },
      {
        Sid      = "Itself"
        Effect   = "Allow"
        Action   = "sts:AssumeRole"
        Resource = aws_iam_role.unity_catalog.arn
      },
    ]
  })
}
