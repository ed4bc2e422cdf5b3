"""What people do in a browser: downloads, uploads, the web terminal, signing in with a password.

The console's own calls are documented nowhere, so their paths, ``/console/...``, are ours. What
counts is what is known: the switch that each obeys, and the event that each leaves. Unlike the
export of notebooks, these switches make no exception for admins.
"""

from __future__ import annotations

from dataclasses import dataclass

from lakewarden.simulate.state import Json, Workspace
from lakewarden.simulate.web import WORKSPACE, ApiError, Request, denied
from lakewarden.simulate.workspace import identity, ip_access_lists, permissions
from lakewarden.simulate.workspace.clusters import cluster
from lakewarden.simulate.workspace.switches import conf_on, legacy_dbfs_disabled, setting
from lakewarden.simulate.workspace.wire import route

_PASSWORD = "BROWSER_PASSWORD"  # noqa: S105 - the name of a way to sign in

_ARTIFACTS = "mlflowRunArtifactDownloadEnabled"


@dataclass(frozen=True)
class _Way:
    """A way for data to leave or enter by the console, and the keys of conf that must not be off.

    ``setting`` is the type of a typed setting that must not be off either.
    """

    path: str
    event: str
    keys: tuple[str, ...] = ()
    setting: str = ""


_WAYS = (
    _Way("notebook/preview", "notebook.downloadPreviewResults", ("enableResultsDownloading",)),
    _Way("notebook/results", "notebook.downloadLargeResults", ("enableResultsDownloading",)),
    _Way("sql/results", "databrickssql.downloadQueryResult", setting="sql_results_download"),
    _Way("mlflow/artifact", "mlflowAcledArtifact.readArtifact", (_ARTIFACTS,)),
)


def _serve(way: _Way) -> None:
    @route("POST", f"/console/{way.path}", audit=way.event)
    def take(request: Request) -> None:
        workspace = request.workspace
        off = any(not conf_on(workspace, key, default=True) for key in way.keys)
        if off or (way.setting and _setting_off(workspace, way.setting)):
            raise denied("This download is disabled in this workspace.")


def _setting_off(workspace: Workspace, name: str) -> bool:
    return setting(workspace, name, "boolean_val.value") is False


for _way in _WAYS:
    _serve(_way)


@route("POST", "/console/dbfs/upload", audit="dbfs.put", audit_keys=("path",))
def upload(request: Request) -> None:
    """Put a file into DBFS by its browser or by the pages for uploading data."""
    workspace = request.workspace
    request.need("path")
    if legacy_dbfs_disabled(workspace):
        raise denied("Public DBFS root is disabled.")
    for key in ("enableDbfsFileBrowser", "enableUploadDataUis"):
        if not conf_on(workspace, key, default=True):
            raise denied("Uploading to DBFS is disabled in this workspace.")


@route("POST", "/console/terminal", audit="webTerminal.startSession", audit_keys=("clusterId",))
def start_terminal(request: Request) -> None:
    """Open the web terminal of a cluster."""
    cluster(request, request.need("clusterId"), "CAN_ATTACH_TO")
    if not conf_on(request.workspace, "enableWebTerminal", default=True):
        raise denied("The web terminal is disabled in this workspace.")


@WORKSPACE.route("POST", "/console/login", open_=True)
def sign_in(request: Request) -> Json:
    """Sign in with a password, which is always right: whether one may be used is what counts."""
    workspace, name = request.workspace, request.need("user")
    found = identity.named(request.account, name)
    if found is None or not identity.is_member(workspace, found[1]["id"]):
        raise ApiError(401, "UNAUTHENTICATED", "Wrong name or password")
    request.caller = identity.caller(request.account, workspace, found[1]["id"], request.address)
    if ip_access_lists.blocked(workspace, request.address):
        params = {"path": request.path, "userId": request.caller.id, "user": name}
        request.audit("accounts.IpAccessDenied", params)
        raise denied(f"Source IP address: {request.address} is blocked by Databricks IP ACL")
    params = {"user": name, "authenticationMethod": _PASSWORD}
    request.audit("accounts.login", params)
    if not permissions.allowed(workspace, request.caller, "passwords", "passwords", "CAN_USE"):
        raise denied(f"{name} may not sign in with a password")
    return {}
