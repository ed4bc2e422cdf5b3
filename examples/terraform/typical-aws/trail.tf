resource "aws_cloudtrail" "deployment" {
  name                          = "${local.prefix}-trail"
  s3_bucket_name                = aws_s3_bucket.deployment["trail-logs"].id
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  depends_on                    = [aws_s3_bucket_policy.deployment]

  event_selector {
    read_write_type           = "All"
    include_management_events = true

    data_resource {
      type = "AWS::S3::Object"
      values = [
        for name in ["analytics-root", "production-root", "lakehouse-data", "audit-logs"] :
        "${aws_s3_bucket.deployment[name].arn}/"
      ]
    }
  }
}

resource "aws_ebs_encryption_by_default" "account" {
  enabled = true
}

resource "aws_accessanalyzer_analyzer" "account" {
  analyzer_name = "${local.prefix}-analyzer"
}

resource "aws_s3_account_public_access_block" "account" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_servicequotas_service_quota" "account" {
  for_each     = { "L-1216C47A" = 1024, "L-34B43A08" = 1024, "L-DB2E81BA" = 64 }
  service_code = "ec2"
  quota_code   = each.key
  value        = each.value
}

resource "aws_ce_cost_allocation_tag" "account" {
  for_each = toset(["Vendor", "ClusterName", "CostCenter"])
  tag_key  = each.key
  status   = "Active"
}
