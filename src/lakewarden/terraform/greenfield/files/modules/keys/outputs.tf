output "managed_services_arn" {
  description = "The key of what Databricks stores of its own."
  value       = aws_kms_key.managed_services.arn
}

output "workspace_storage_arn" {
  description = "The key of the root bucket and of volumes."
  value       = aws_kms_key.workspace_storage.arn
}

output "data_arn" {
  description = "The key of data."
  value       = aws_kms_key.data.arn
}

output "logs_arn" {
  description = "The key of logs."
  value       = aws_kms_key.logs.arn
}
