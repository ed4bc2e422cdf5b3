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
