locals {
  buckets = {
    "research-root"   = "workspace-storage"
    "production-root" = "workspace-storage"
    "lakehouse-data"  = "data"
    "audit-logs"      = "data"
    "trail-logs"      = "data"
  }

  # The document of each bucket's policy, and what it names beside the bucket.
  bucket_policies = {
    "research-root"   = ["root-bucket-restrictive", { workspace = local.workspaces.research.id }]
    "production-root" = ["root-bucket-restrictive", { workspace = local.workspaces.production.id }]
    "lakehouse-data" = ["data-bucket", {
      endpoint_one = aws_vpc_endpoint.s3["research"].id
      endpoint_two = aws_vpc_endpoint.s3["production"].id
      guardian     = aws_iam_role.break_glass.name
    }]
    "audit-logs" = ["log-bucket-guarded", {
      role_name = aws_iam_role.log_delivery.name
      guardian  = aws_iam_role.break_glass.name
    }]
    "trail-logs" = ["trail-bucket", { trail = "${local.prefix}-trail" }]
  }

  # The root buckets keep no versions: Databricks advises against it, and nothing in them is the
  # only copy. Days after which an old version goes; what log delivery wrote stays.
  versions = {
    "lakehouse-data" = 30
    "audit-logs"     = null
    "trail-logs"     = 365
  }
}

resource "aws_s3_bucket" "deployment" {
  for_each            = local.buckets
  bucket              = "${local.prefix}-${each.key}"
  object_lock_enabled = each.key == "audit-logs"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "deployment" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.deployment[each.key].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.deployment[each.value].arn
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
  policy = templatefile(
    "${path.module}/policies/${local.bucket_policies[each.key][0]}.json",
    merge(local.names, { bucket = aws_s3_bucket.deployment[each.key].id }, local.bucket_policies[each.key][1]),
  )
}

resource "aws_s3_bucket_versioning" "deployment" {
  for_each = local.versions
  bucket   = aws_s3_bucket.deployment[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "deployment" {
  for_each   = { for name, days in local.versions : name => days if days != null }
  bucket     = aws_s3_bucket.deployment[each.key].id
  depends_on = [aws_s3_bucket_versioning.deployment]

  rule {
    id     = "noncurrent"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = each.value
    }
  }
}

# For a year nobody shortens what log delivery wrote.
resource "aws_s3_bucket_object_lock_configuration" "audit_logs" {
  bucket     = aws_s3_bucket.deployment["audit-logs"].id
  depends_on = [aws_s3_bucket_versioning.deployment]

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 365
    }
  }
}
