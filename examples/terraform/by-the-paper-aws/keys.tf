locals {
  # What each key's document names beside the accounts.
  keys = {
    "managed-services" = {}
    "workspace-storage" = {
      role_one = aws_iam_role.cross_account["research"].name
      role_two = aws_iam_role.cross_account["production"].name
    }
    "data" = {
      reader = aws_iam_role.unity_catalog.name
      writer = aws_iam_role.log_delivery.name
    }
  }
}

resource "aws_kms_key" "deployment" {
  for_each            = toset(["managed-services", "workspace-storage", "data"])
  description         = "${local.prefix}-${each.key}"
  enable_key_rotation = true
  policy              = templatefile("${path.module}/policies/key-${each.key}.json", merge(local.names, local.keys[each.key]))
  tags                = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_kms_alias" "deployment" {
  for_each      = aws_kms_key.deployment
  name          = "alias/${local.prefix}-${each.key}"
  target_key_id = each.value.key_id
}
