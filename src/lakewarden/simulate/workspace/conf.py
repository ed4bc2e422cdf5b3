"""``/api/2.0/workspace-conf``: the oldest settings surface, a map of strings."""

from __future__ import annotations

import json

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import WORKSPACE, ApiError, Request, Seed, invalid, seeds
from lakewarden.simulate.workspace import ip_access_lists

route = WORKSPACE.route

_SWITCHES = [
    "enableIpAccessLists",
    "enableTokensConfig",
    "enableExportNotebook",
    "enableResultsDownloading",
    "enableNotebookTableClipboard",
    "mlflowRunArtifactDownloadEnabled",
    "enable-X-Frame-Options",
    "enable-X-Content-Type-Options",
    "enable-X-XSS-Protection",
    "storeInteractiveNotebookResultsInCustomerAccount",
    "enableUploadDataUis",
    "enableDbfsFileBrowser",
    "enableFileStoreEndpoint",
    "enableVerboseAuditLogs",
    "enforceUserIsolation",
    "enableEnforceImdsV2",
    "enforceWorkspaceViewAcls",
    "enforceClusterViewAcls",
    "enableJobViewAcls",
    "enableAclsConfig",
    "enableClusterAclsConfig",
    "enableJobAclsConfig",
    "enableWorkspaceAclsConfig",
    "enableWebTerminal",
    "enableDcs",
    "enableLibraryAndInitScriptOnSharedCluster",
    "enableDeprecatedGlobalInitScripts",
    "enableDeprecatedClusterNamedInitScripts",
    "enableProjectTypeInWorkspace",
    "enableWorkspaceFilesystem",
    "enableProjectsAllowList",
    "mlflowModelServingEndpointCreationEnabled",
    "mlflowModelRegistryEmailNotificationsEnabled",
    "enableDatabricksAutologgingAdminConf",
    "enablePipelinesDataSample",
    "enableGp3",
    "enableHlsRuntime",
    "enableJobsEmailsV2",
    "enableLegacyNotebookVisualizations",
    "intercomAdminConsent",
    "heapAnalyticsAdminConsent",
    "jobsListBackendPaginationEnabled",
]
_CHOICES = {
    "reposIpynbResultsExportPermissions": {"ALLOW", "DISABLE"},
    "projectsAllowListPermissions": {"ALLOWLISTED_CLONE_COMMIT_PUSH", "ALLOWLISTED_COMMIT_PUSH"},
}
_TEXTS = {
    "customerApprovedWSLoginExpirationTime",
    "homePageLogo",
    "homePageLogoWidth",
    "homePageWelcomeMessage",
    "loginLogo",
    "loginLogoWidth",
    "productName",
    "projectsAllowList",
    "rStudioUserDefaultHomeBase",
    "sidebarLogoActive",
    "sidebarLogoInactive",
    "sidebarLogoText",
}
_NUMBERS = {"maxTokenLifetimeDays": range(731), "maxUserInactiveDays": range(731)}
KEYS = {*_SWITCHES, *_CHOICES, *_TEXTS, *_NUMBERS}
NOT_IN_PREMIUM = {"enableIpAccessLists"}


def _known(request: Request, keys: list[str]) -> None:
    premium = request.account.tier != "ENTERPRISE"
    unknown = [k for k in keys if k not in KEYS or (premium and k in NOT_IN_PREMIUM)]
    if unknown:
        raise ApiError(400, "BAD_REQUEST", f"Invalid keys: {json.dumps(unknown)}")


def _allowed(key: str, value: str) -> bool:
    if key in _SWITCHES:
        return value.lower() in {"true", "false"}
    if key in _CHOICES:
        return value in _CHOICES[key]
    if key in _NUMBERS:
        return not value or (value.isdigit() and int(value) in _NUMBERS[key])
    return True


def _admins_only(request: Request, key: str) -> None:
    if not request.caller.admin:
        message = f"unauthorized to perform ReadAction on /org_admin_conf/{key}"
        raise ApiError(403, "PERMISSION_DENIED", message)


@route("GET", "/api/2.0/workspace-conf")
@route("GET", "/api/2.0/preview/workspace-conf")
def get_conf(request: Request) -> Json:
    """The values of the keys asked for; keys that were never set are absent."""
    keys = [key for key in request.need_query("keys").split(",") if key]
    _known(request, keys)
    _admins_only(request, keys[0] if keys else "")
    conf = request.workspace.conf
    return {key: conf[key] for key in keys if key in conf}


@route("PATCH", "/api/2.0/workspace-conf")
@route("PATCH", "/api/2.0/preview/workspace-conf")
def set_conf(request: Request) -> None:
    """Set keys; one unknown key or bad value refuses the whole call."""
    changes = request.body if isinstance(request.body, dict) else {}
    for key, value in changes.items():
        params = {"workspaceConfKeys": key, "workspaceConfValues": value}
        request.audit("workspace.workspaceConfEdit", params)
    _known(request, list(changes))
    _admins_only(request, next(iter(changes), ""))
    if any(not isinstance(value, str) for value in changes.values()):
        raise ApiError(400, "MALFORMED_REQUEST", "Values of workspace-conf must be strings")
    bad = {key: value for key, value in changes.items() if not _allowed(key, value)}
    if bad:
        raise invalid(f"Some values are not allowed: {json.dumps(bad)}")
    if changes.get("enableIpAccessLists", "").lower() == "true":
        workspace = request.workspace
        lists = workspace.table("ip_lists").values()
        ip_access_lists.guard(workspace, lists, request.caller.address, on=True)
    request.workspace.conf.update(changes)


@seeds("conf")
def seed_conf(seed: Seed, item: Json) -> None:
    """``[2001.conf]``: the keys to set."""
    seed.call("PATCH", "/api/2.0/workspace-conf", item)
