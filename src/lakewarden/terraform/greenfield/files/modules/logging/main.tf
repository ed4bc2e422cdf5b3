# Audit logs of Databricks, and what AWS records: every call, every read and write of the buckets, and
# every connection.

data "aws_caller_identity" "current" {}

locals {
  buckets = {
    audit = "${var.name}-audit-logs"
    trail = "${var.name}-trail-logs"
  }
}

resource "aws_s3_bucket" "this" {
  for_each            = local.buckets
  bucket              = each.value
  object_lock_enabled = each.key == "audit"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].bucket

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.this[each.key].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "audit" {
  bucket     = aws_s3_bucket.this["audit"].bucket
  depends_on = [aws_s3_bucket_versioning.this]

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.retention_days
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "trail" {
  bucket     = aws_s3_bucket.this["trail"].bucket
  depends_on = [aws_s3_bucket_versioning.this]

  rule {
    id     = "noncurrent"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = var.retention_days
    }
  }
}

# The last thing that is done to this bucket: from here on the guardian alone changes it.
resource "aws_s3_bucket_policy" "audit" {
  bucket = aws_s3_bucket.this["audit"].bucket
  policy = templatefile("${path.module}/policies/audit-bucket.json", {
    bucket   = aws_s3_bucket.this["audit"].bucket
    writer   = var.log_delivery_role_arn
    guardian = var.guardian_arn
  })
  depends_on = [
    aws_s3_bucket_object_lock_configuration.audit,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

resource "aws_s3_bucket_policy" "trail" {
  bucket = aws_s3_bucket.this["trail"].bucket
  policy = templatefile("${path.module}/policies/trail-bucket.json", {
    aws_account = data.aws_caller_identity.current.account_id
    bucket      = aws_s3_bucket.this["trail"].bucket
    trail       = var.name
  })
}

resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = aws_s3_bucket.this["trail"].bucket
  kms_key_id                    = var.key_arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  depends_on                    = [aws_s3_bucket_policy.trail]

  event_selector {
    read_write_type           = "All"
    include_management_events = true

    data_resource {
      type   = "AWS::S3::Object"
      values = [for arn in concat(var.watched_bucket_arns, [aws_s3_bucket.this["audit"].arn]) : "${arn}/"]
    }
  }
}
