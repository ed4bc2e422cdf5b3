output "cross_account_role_arn" {
  description = "The role by which Databricks starts machines."
  value       = aws_iam_role.cross_account.arn
  depends_on  = [aws_iam_role_policy.cross_account]
}

output "log_delivery_role_arn" {
  description = "The role by which Databricks delivers audit logs."
  value       = aws_iam_role.log_delivery.arn
}

output "unity_catalog_policy_id" {
  description = "Known once that role may do what it is for."
  value       = aws_iam_role_policy.unity_catalog.id
}

output "cross_account_role" {
  description = "The name of the role by which Databricks starts machines, which is known before it is there."
  value       = aws_iam_role.cross_account.name
}

output "log_delivery_role" {
  description = "The name of the role that delivers audit logs, which is known before it is there."
  value       = aws_iam_role.log_delivery.name
}

output "unity_catalog_role" {
  description = "The name of the role by which Unity Catalog reaches its bucket, which is known before it is there."
  value       = aws_iam_role.unity_catalog.name
}

output "break_glass_role" {
  description = "The name of the role that keeps access when everybody else is shut out, which is known before it is there."
  value       = aws_iam_role.break_glass.name
}
