resource "aws_iam_role" "logs" {
  name = "hardened-log-delivery"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::414351767826:role/SaasUsageDeliveryRole-prod-IAMRole-3PLHICCRR1TK" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.account_id } }
    }]
  })
}

resource "databricks_mws_credentials" "logs" {
  provider         = databricks.account
  credentials_name = "hardened-logs"
  role_arn         = aws_iam_role.logs.arn
}

resource "databricks_mws_log_delivery" "audit" {
  provider                 = databricks.account
  account_id               = var.account_id
  credentials_id           = databricks_mws_credentials.logs.credentials_id
  storage_configuration_id = databricks_mws_storage_configurations.this["logs"].storage_configuration_id
  config_name              = "audit"
  log_type                 = "AUDIT_LOGS"
  output_format            = "JSON"
}

resource "aws_cloudtrail" "this" {
  name                       = "hardened"
  s3_bucket_name             = aws_s3_bucket.this["logs"].bucket
  is_multi_region_trail      = true
  enable_log_file_validation = true
  enable_logging             = true
}
