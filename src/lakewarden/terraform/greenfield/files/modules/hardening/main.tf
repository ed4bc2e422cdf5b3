# What the workspace lets people do with data, code and tokens.

resource "databricks_ip_access_list" "people" {
  label        = "people"
  list_type    = "ALLOW"
  ip_addresses = var.people_addresses
}

# The list comes before the switch, which would shut everybody out.
resource "databricks_workspace_conf" "this" {
  depends_on = [databricks_ip_access_list.people]

  custom_config = {
    enableIpAccessLists = "true"

    enableTokensConfig   = tostring(var.token_group != null)
    maxTokenLifetimeDays = tostring(var.token_days)

    # Data leaves by no download, and enters by no upload.
    enableExportNotebook                             = "false"
    enableResultsDownloading                         = "false"
    enableNotebookTableClipboard                     = "false"
    mlflowRunArtifactDownloadEnabled                 = "false"
    reposIpynbResultsExportPermissions               = "DISABLE"
    storeInteractiveNotebookResultsInCustomerAccount = "true"
    enableUploadDataUis                              = "false"
    enableDbfsFileBrowser                            = "false"
    enableFileStoreEndpoint                          = "false"

    # The audit log has commands and queries; Databricks' staff cannot sign in.
    enableVerboseAuditLogs                = "true"
    customerApprovedWSLoginExpirationTime = "1998-01-01T00:00:00.000Z"

    # The browser.
    "enable-X-Frame-Options"        = "true"
    "enable-X-Content-Type-Options" = "true"
    "enable-X-XSS-Protection"       = "true"

    # Who sees what.
    enforceWorkspaceViewAcls = "true"
    enforceClusterViewAcls   = "true"
    enableJobViewAcls        = "true"

    # Compute.
    enforceUserIsolation                    = "true"
    enableEnforceImdsV2                     = "true"
    enableWebTerminal                       = "false"
    enableDcs                               = "false"
    enableDeprecatedGlobalInitScripts       = "false"
    enableDeprecatedClusterNamedInitScripts = "false"

    # Code comes from Git, and from known places there.
    enableProjectTypeInWorkspace = "true"
    enableWorkspaceFilesystem    = "true"
    enableProjectsAllowList      = "true"
    projectsAllowList            = join(",", var.git_hosts)
    projectsAllowListPermissions = "ALLOWLISTED_CLONE_COMMIT_PUSH"
  }
}

resource "databricks_permissions" "tokens" {
  count         = var.token_group == null ? 0 : 1
  authorization = "tokens"
  depends_on    = [databricks_workspace_conf.this]

  access_control {
    group_name       = var.token_group
    permission_level = "CAN_USE"
  }
}

resource "databricks_permissions" "passwords" {
  authorization = "passwords"

  access_control {
    group_name       = var.break_glass_group
    permission_level = "CAN_USE"
  }
}

# Python packages come from an index of your own.
resource "databricks_secret_scope" "packages" {
  name = "databricks-package-management"
}

resource "databricks_secret" "index" {
  scope        = databricks_secret_scope.packages.name
  key          = "pip-index-url"
  string_value = var.package_index
}

# Admins alone change where packages come from. Whoever makes a scope manages it; here it is Terraform,
# which keeps to reading like everybody else.
resource "databricks_secret_acl" "admins" {
  scope      = databricks_secret_scope.packages.name
  principal  = "admins"
  permission = "MANAGE"
}

resource "databricks_secret_acl" "users" {
  scope      = databricks_secret_scope.packages.name
  principal  = "users"
  permission = "READ"
}

# Asked for late: before that there is no workspace to ask.
data "databricks_current_user" "terraform" {
  depends_on = [databricks_secret_scope.packages]
}

resource "databricks_secret_acl" "terraform" {
  scope      = databricks_secret_scope.packages.name
  principal  = data.databricks_current_user.terraform.user_name
  permission = "READ"
  depends_on = [databricks_secret.index, databricks_secret_acl.admins, databricks_secret_acl.users]
}
