# A workspace that keeps its root in a bucket that anybody may open, in nobody's own network.

resource "aws_s3_bucket" "root" {
  bucket = "awful-root"
}

resource "aws_s3_bucket_public_access_block" "root" {
  bucket                  = aws_s3_bucket.root.id
  block_public_acls       = false
  ignore_public_acls      = false
  block_public_policy     = false
  restrict_public_buckets = false
}

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = false
  ignore_public_acls      = false
  block_public_policy     = false
  restrict_public_buckets = false
}

resource "aws_s3_bucket_policy" "root" {
  bucket = aws_s3_bucket.root.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = ["s3:GetObject", "s3:PutObject"]
      Resource  = "arn:aws:s3:::awful-root/*"
    }]
  })
}

resource "aws_iam_role" "databricks" {
  name = "awful-databricks"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "databricks_mws_storage_configurations" "root" {
  provider                   = databricks.account
  account_id                 = "11111111-2222-4333-8444-555555555555"
  storage_configuration_name = "awful-root"
  bucket_name                = aws_s3_bucket.root.bucket
}

resource "databricks_mws_credentials" "this" {
  provider         = databricks.account
  credentials_name = "awful"
  role_arn         = aws_iam_role.databricks.arn
}

resource "databricks_mws_workspaces" "this" {
  provider                 = databricks.account
  account_id               = "11111111-2222-4333-8444-555555555555"
  workspace_name           = "awful"
  deployment_name          = "awful"
  aws_region               = "us-east-1"
  pricing_tier             = "ENTERPRISE"
  credentials_id           = databricks_mws_credentials.this.credentials_id
  storage_configuration_id = databricks_mws_storage_configurations.root.storage_configuration_id
}
