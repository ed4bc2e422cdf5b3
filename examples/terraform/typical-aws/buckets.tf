locals {
  buckets = toset(["analytics-root", "production-root", "lakehouse-data", "audit-logs", "trail-logs"])

  readers_and_writers = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:PutObject",
    "s3:DeleteObject",
  ]

  contents = {
    for name in local.buckets : name => [
      "arn:aws:s3:::${local.prefix}-${name}",
      "arn:aws:s3:::${local.prefix}-${name}/*",
    ]
  }

  # What a bucket allows, beside refusing whatever is not encrypted in transit.
  allowed = merge(
    {
      for workspace in keys(local.workspaces) : "${workspace}-root" => [{
        Sid       = "Databricks"
        Effect    = "Allow"
        Principal = { AWS = local.databricks_root }
        Action    = local.readers_and_writers
        Resource  = local.contents["${workspace}-root"]
        Condition = {
          StringEquals = { "aws:PrincipalTag/DatabricksAccountId" = var.databricks_account_id }
        }
      }]
    },
    {
      "lakehouse-data" = []
      "audit-logs" = [{
        Sid       = "LogDelivery"
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.log_delivery.arn }
        Action    = local.readers_and_writers
        Resource  = local.contents["audit-logs"]
      }]
      "trail-logs" = [
        {
          Sid       = "TrailAcl"
          Effect    = "Allow"
          Principal = { Service = "cloudtrail.amazonaws.com" }
          Action    = "s3:GetBucketAcl"
          Resource  = local.contents["trail-logs"][0]
        },
        {
          Sid       = "TrailWrite"
          Effect    = "Allow"
          Principal = { Service = "cloudtrail.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "${local.contents["trail-logs"][0]}/AWSLogs/${local.aws_account}/*"
          Condition = {
            StringEquals = {
              "s3:x-amz-acl"  = "bucket-owner-full-control"
              "aws:SourceArn" = "arn:aws:cloudtrail:${var.region}:${local.aws_account}:trail/${local.prefix}-trail"
            }
          }
        },
        {
          Sid       = "FlowLogAcl"
          Effect    = "Allow"
          Principal = { Service = "delivery.logs.amazonaws.com" }
          Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
          Resource  = local.contents["trail-logs"][0]
          Condition = { StringEquals = { "aws:SourceAccount" = local.aws_account } }
        },
        {
          Sid       = "FlowLogWrite"
          Effect    = "Allow"
          Principal = { Service = "delivery.logs.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "${local.contents["trail-logs"][0]}/AWSLogs/${local.aws_account}/*"
          Condition = {
            StringEquals = {
              "aws:SourceAccount" = local.aws_account
              "s3:x-amz-acl"      = "bucket-owner-full-control"
            }
          }
        },
      ]
    },
  )
}

resource "aws_s3_bucket" "deployment" {
  for_each = local.buckets
  bucket   = "${local.prefix}-${each.key}"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "deployment" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.deployment[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "deployment" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.deployment[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "deployment" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.deployment[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "deployment" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.deployment[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for statement in local.allowed[each.key] : statement],
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = local.contents[each.key]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
    )
  })
}

# Only the audit logs keep what was overwritten; that the data does not is this deployment's gap.
resource "aws_s3_bucket_versioning" "audit_logs" {
  bucket = aws_s3_bucket.deployment["audit-logs"].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "audit_logs" {
  bucket     = aws_s3_bucket.deployment["audit-logs"].id
  depends_on = [aws_s3_bucket_versioning.audit_logs]

  rule {
    id     = "noncurrent"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }
}
