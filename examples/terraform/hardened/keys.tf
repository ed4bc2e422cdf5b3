resource "aws_kms_key" "databricks" {
  description         = "Workspace storage and managed services"
  enable_key_rotation = true
  is_enabled          = true
}

resource "databricks_mws_customer_managed_keys" "this" {
  provider   = databricks.account
  account_id = var.account_id
  use_cases  = ["MANAGED_SERVICES", "STORAGE"]

  aws_key_info {
    key_arn = aws_kms_key.databricks.arn
  }
}
