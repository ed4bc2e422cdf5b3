# What holds for the whole AWS account. Leave this module out where the account has it already, from
# an organisation or another configuration: most of it is there once an account or region.

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_ebs_snapshot_block_public_access" "this" {
  state = "block-all-sharing"
}

resource "aws_ec2_instance_metadata_defaults" "this" {
  http_tokens                 = "required"
  http_put_response_hop_limit = 2
}

resource "aws_guardduty_detector" "this" {
  enable = true
}

resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = var.name
}

resource "aws_iam_service_linked_role" "config" {
  aws_service_name = "config.amazonaws.com"
}

resource "aws_config_configuration_recorder" "this" {
  name     = var.name
  role_arn = aws_iam_service_linked_role.config.arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }
}

resource "aws_config_delivery_channel" "this" {
  name           = var.name
  s3_bucket_name = var.config_bucket
  depends_on     = [aws_config_configuration_recorder.this]
}

resource "aws_config_configuration_recorder_status" "this" {
  name       = aws_config_configuration_recorder.this.name
  is_enabled = true
  depends_on = [aws_config_delivery_channel.this]
}

# Quotas close to what is needed leave a stolen role little to launch.
resource "aws_servicequotas_service_quota" "this" {
  for_each     = var.quotas
  service_code = "ec2"
  quota_code   = each.key
  value        = each.value
}

resource "aws_ce_cost_allocation_tag" "this" {
  for_each = var.cost_tags
  tag_key  = each.key
  status   = "Active"
}
