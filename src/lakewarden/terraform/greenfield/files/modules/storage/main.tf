# The root bucket, which Databricks keeps things of the workspace in, and the bucket of Unity Catalog.

locals {
  names = { account_id = var.databricks_account_id }
}

resource "aws_s3_bucket" "root" {
  bucket = var.root_bucket
}

resource "aws_s3_bucket" "data" {
  bucket = var.data_bucket
}

resource "aws_s3_bucket_server_side_encryption_configuration" "root" {
  bucket = aws_s3_bucket.root.bucket

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.root_key_arn
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  bucket = aws_s3_bucket.data.bucket

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.data_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = { root = aws_s3_bucket.root.bucket, data = aws_s3_bucket.data.bucket }
  bucket                  = each.value
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = { root = aws_s3_bucket.root.bucket, data = aws_s3_bucket.data.bucket }
  bucket   = each.value

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# The root bucket keeps no versions: Databricks advises against it, and nothing in it is the only copy.
resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  bucket     = aws_s3_bucket.data.bucket
  depends_on = [aws_s3_bucket_versioning.data]

  rule {
    id     = "noncurrent"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
}

resource "aws_s3_bucket_policy" "root" {
  bucket = aws_s3_bucket.root.bucket
  policy = templatefile("${path.module}/policies/root-bucket.json", merge(local.names, {
    bucket = aws_s3_bucket.root.bucket
  }))
}

# Nobody reads or writes data but by the clusters' endpoint, from serverless compute, or as the
# guardian.
resource "aws_s3_bucket_policy" "data" {
  bucket = aws_s3_bucket.data.bucket
  policy = templatefile("${path.module}/policies/data-bucket.json", {
    bucket   = aws_s3_bucket.data.bucket
    endpoint = var.s3_endpoint_id
    guardian = var.guardian_arn
  })
}
