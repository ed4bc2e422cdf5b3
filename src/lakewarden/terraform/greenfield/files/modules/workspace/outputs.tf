output "url" {
  description = "Its URL, once its groups are in."
  value       = databricks_mws_workspaces.this.workspace_url
  depends_on  = [databricks_mws_permission_assignment.assigned]
}
