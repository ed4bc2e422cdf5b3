locals {
  versioned = { logs = true, data = true, root = false }
}

resource "aws_s3_bucket" "this" {
  for_each = local.versioned
  bucket   = "hardened-${each.key}"
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = local.versioned
  bucket                  = aws_s3_bucket.this[each.key].bucket
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.versioned
  bucket   = aws_s3_bucket.this[each.key].bucket

  versioning_configuration {
    status = each.value ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.versioned
  bucket   = aws_s3_bucket.this[each.key].bucket

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.databricks.arn
    }
  }
}

resource "aws_s3_bucket_policy" "root" {
  bucket = aws_s3_bucket.this["root"].bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ThisAccountOnly"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::414351767826:root" }
        Action    = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]
        Resource  = ["arn:aws:s3:::hardened-root", "arn:aws:s3:::hardened-root/*"]
        Condition = { StringEquals = { "aws:PrincipalTag/DatabricksAccountId" = var.account_id } }
      },
      {
        Sid       = "NoPlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::hardened-root", "arn:aws:s3:::hardened-root/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "databricks_mws_storage_configurations" "this" {
  for_each                   = toset(["root", "logs"])
  provider                   = databricks.account
  account_id                 = var.account_id
  storage_configuration_name = "hardened-${each.key}"
  bucket_name                = aws_s3_bucket.this[each.key].bucket
}
