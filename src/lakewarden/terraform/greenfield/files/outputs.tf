output "workspace_url" {
  description = "Where the workspace is."
  value       = module.workspace.url
}

output "break_glass_role_arn" {
  description = "The role for emergencies."
  value       = "${local.roles}/${module.identity.break_glass_role}"
}

output "policy_file" {
  description = "What this deployment is meant to be, as lakewarden reads it: terraform output -raw policy_file > lakewarden.toml"
  value       = <<-TOML
    posture = "high"

    [access]
    break_glass = [${jsonencode(var.break_glass_group)}]
    token_principals = ${jsonencode(var.token_group == null ? [] : [var.token_group])}
    admin_groups = [${jsonencode(var.admin_group)}]
    git_hosts = ${jsonencode(var.git_hosts)}

    [network]
    admitted_networks = ${jsonencode(var.people_addresses)}
    allowed_destinations = ${jsonencode(concat([local.data_bucket], var.allowed_domains))}

    [aws]
    key_users = ${jsonencode(var.log_readers)}
    guardians = [${jsonencode("${local.roles}/${module.identity.break_glass_role}")}]

    [tags]
    required = ${jsonencode(keys(var.tags))}
  TOML
}
