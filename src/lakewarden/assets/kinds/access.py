"""IP access lists, switches and settings of a workspace, and who may use tokens."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.assets.kind import LAST, Body, Call, Json, Kind, Listing, Paging
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.defaults import default_of

CONF_KEYS: Final = (
    "customerApprovedWSLoginExpirationTime",
    "enableDbfsFileBrowser",
    "enableDcs",
    "enableDeprecatedClusterNamedInitScripts",
    "enableDeprecatedGlobalInitScripts",
    "enableExportNotebook",
    "enableFileStoreEndpoint",
    "enableGp3",
    "enableHlsRuntime",
    "enableIpAccessLists",
    "enableJobViewAcls",
    "enableNotebookTableClipboard",
    "enableProjectTypeInWorkspace",
    "enableProjectsAllowList",
    "enableResultsDownloading",
    "enableTokensConfig",
    "enableUploadDataUis",
    "enableVerboseAuditLogs",
    "enableWebTerminal",
    "enableWorkspaceFilesystem",
    "enforceClusterViewAcls",
    "enforceUserIsolation",
    "enforceWorkspaceViewAcls",
    "maxTokenLifetimeDays",
    "mlflowModelRegistryEmailNotificationsEnabled",
    "mlflowModelServingEndpointCreationEnabled",
    "mlflowRunArtifactDownloadEnabled",
    "projectsAllowList",
    "projectsAllowListPermissions",
    "rStudioUserDefaultHomeBase",
    "storeInteractiveNotebookResultsInCustomerAccount",
)
"""The keys of `/api/2.0/workspace-conf` that are asked for; those never set have no value."""

_EFFECTIVE: Final = "effective_"
_OBSERVED: Final = ("name", "setting_name", _EFFECTIVE, "etag")


def _set_values(raw: Json) -> Body:
    """Return what was set; what is merely in effect is left out."""
    return {
        name: value
        for name, value in raw.items()
        if not any(name == part or name.startswith(part) for part in _OBSERVED if part != "name")
        and name != "name"
    }


def _effective(raw: Json, _: str) -> Body | None:
    """Return what a setting that was never set is in effect."""
    found = {n.removeprefix(_EFFECTIVE): v for n, v in raw.items() if n.startswith(_EFFECTIVE)}
    return found or None


def _never_set(_: Json, key: str) -> Body | None:
    value = default_of(WORKSPACE_CONF.name, key)
    return None if value is None else {"value": value}


def _conf(spec: Json, key: str) -> dict[str, Any]:
    return {key: spec["value"]}


KINDS: Final = (
    Kind(
        name="workspace_conf",
        title="switches of the workspace",
        listing=Listing("/api/2.0/workspace-conf"),
        fixed=CONF_KEYS,
        shape=lambda raw: {"value": raw["value"]},
        skips=lambda raw: "" if raw.get("value") is not None else "it was never set",
        unset=_never_set,
        stage=LAST,
        update=Call("PATCH", "/api/2.0/workspace-conf", _conf),
        limits="keys that nobody knows of are not asked for",
    ),
    Kind(
        name="setting",
        title="settings of the workspace",
        listing=Listing("/api/2.1/settings-metadata", "settings_metadata", Paging.TOKEN),
        id="name",
        key="name",
        detail="/api/2.1/settings/{id}",
        shape=_set_values,
        skips=lambda raw: "" if _set_values(raw) else "it was never set",
        unset=_effective,
        stage=LAST,
        update=Call("PATCH", "/api/2.1/settings/{key}", lambda spec, key: {"name": key, **spec}),
        permanent="security profiles can never be switched off again",
        lasting=("compliance", "csp_", "esm_"),
    ),
    Kind(
        name="ip_access_list",
        title="IP access lists",
        listing=Listing("/api/2.0/ip-access-lists", "ip_access_lists"),
        id="list_id",
        key="label",
        unique=False,
        created="created_at",
        keeps=("label", "list_type", "ip_addresses", "enabled"),
        unordered=("ip_addresses",),
        stage=LAST,
        create=Call("POST", "/api/2.0/ip-access-lists", lambda spec, _: dict(spec)),
        update=Call("PUT", "/api/2.0/ip-access-lists/{id}", lambda spec, _: dict(spec)),
        delete=Call("DELETE", "/api/2.0/ip-access-lists/{id}"),
        limits="at most 1,000 addresses or networks in all",
    ),
    Kind(
        name="authorization",
        title="who may use tokens and passwords",
        fixed=("tokens", "passwords"),
        acl="authorization",
        stage=LAST,
        limits="an ACL without an object",
    ),
)
