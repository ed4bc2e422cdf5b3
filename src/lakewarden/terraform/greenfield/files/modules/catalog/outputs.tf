output "storage_credential_external_id" {
  description = "The external id that Unity Catalog shows when it becomes the role."
  value       = databricks_storage_credential.data.aws_iam_role[0].external_id
}

output "catalog" {
  description = "The catalog of the workspace."
  value       = databricks_catalog.main.name
}
