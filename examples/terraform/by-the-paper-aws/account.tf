resource "aws_cloudtrail" "deployment" {
  name                          = "${local.prefix}-trail"
  s3_bucket_name                = aws_s3_bucket.deployment["trail-logs"].id
  kms_key_id                    = aws_kms_key.deployment["data"].arn
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
        for name in ["research-root", "production-root", "lakehouse-data", "audit-logs"] :
        "${aws_s3_bucket.deployment[name].arn}/"
      ]
    }
  }
}

resource "aws_s3_account_public_access_block" "account" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ebs_encryption_by_default" "account" {
  enabled = true
}

resource "aws_ebs_default_kms_key" "account" {
  key_arn = aws_kms_key.deployment["workspace-storage"].arn
}

resource "aws_ec2_instance_metadata_defaults" "account" {
  http_tokens                 = "required"
  http_put_response_hop_limit = 2
}

resource "aws_ebs_snapshot_block_public_access" "account" {
  state = "block-all-sharing"
}

resource "aws_guardduty_detector" "account" {
  enable = true
}

resource "aws_accessanalyzer_analyzer" "account" {
  analyzer_name = "${local.prefix}-analyzer"
}

resource "aws_config_configuration_recorder" "account" {
  role_arn = "arn:aws:iam::${local.aws_account}:role/aws-service-role/config.amazonaws.com/Config"

  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }
}

resource "aws_config_delivery_channel" "account" {
  s3_bucket_name = aws_s3_bucket.deployment["trail-logs"].id
  depends_on     = [aws_config_configuration_recorder.account]
}

resource "aws_config_configuration_recorder_status" "account" {
  name       = aws_config_configuration_recorder.account.name
  is_enabled = true
  depends_on = [aws_config_delivery_channel.account]
}

# Quotas close to what is needed leave a stolen role little to launch.
resource "aws_servicequotas_service_quota" "account" {
  for_each     = var.quotas
  service_code = "ec2"
  quota_code   = each.key
  value        = each.value
}

resource "aws_ce_cost_allocation_tag" "account" {
  for_each = toset([
    "Vendor", "Creator", "ClusterId", "ClusterName", "CostCenter", "Owner", "Environment",
  ])
  tag_key = each.key
  status  = "Active"
}
