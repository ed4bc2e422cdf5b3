"""``/api/2.0/accounts/{account}/workspaces``: workspaces and the configurations they use."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.state import Account, Json, Workspace
from lakewarden.simulate.web import ACCOUNT, Request, Seed, invalid, missing, seeds
from lakewarden.simulate.workspace import identity

route = ACCOUNT.route

_PATH = "/api/2.0/accounts/{account}/workspaces"
_UPDATABLE = {
    "aws_region",
    "credentials_id",
    "custom_tags",
    "managed_services_customer_managed_key_id",
    "network_connectivity_config_id",
    "network_id",
    "private_access_settings_id",
    "storage_configuration_id",
    "storage_customer_managed_key_id",
}
_OPTIONAL = _UPDATABLE | {"compute_mode", "location", "pricing_tier", "storage_mode"}
_REFERS_TO = {
    "credentials_id": "credentials",
    "managed_services_customer_managed_key_id": "customer-managed-keys",
    "network_id": "networks",
    "private_access_settings_id": "private-access-settings",
    "storage_configuration_id": "storage-configurations",
    "storage_customer_managed_key_id": "customer-managed-keys",
}


def make(account: Account, workspace_id: int, body: Json, now: int) -> Workspace:
    """Set up a workspace with its system groups."""
    name = body["workspace_name"]
    workspace = Workspace(account, workspace_id, name)
    account.table("workspaces")[str(workspace_id)] = {
        "account_id": account.id,
        "workspace_id": workspace_id,
        "workspace_name": name,
        "deployment_name": body.get("deployment_name") or name,
        "aws_region": body.get("aws_region", "us-east-1"),
        "creation_time": now,
        "cloud": "aws",
        "pricing_tier": account.tier,
        "workspace_status": "RUNNING",
        "workspace_status_message": "Workspace is running.",
        **{key: body[key] for key in _OPTIONAL if key in body},
    }
    account.workspaces[workspace_id] = workspace
    _attach_network(account, workspace.deployment)
    identity.make_system_groups(workspace)
    return workspace


def _check_references(account: Account, body: Json) -> None:
    for key, kind in _REFERS_TO.items():
        if body.get(key) and body[key] not in account.table(kind):
            raise invalid(f"{key} {body[key]} does not exist")


def _attach_network(account: Account, body: Json) -> None:
    network = account.table("networks").get(body.get("network_id", ""))
    if network is not None:
        network["workspace_id"] = body["workspace_id"]
        if network["vpc_status"] == "UNATTACHED":
            network["vpc_status"] = "VALID"


def _workspace(request: Request) -> Json:
    body = request.account.table("workspaces").get(request.params["id"])
    if body is None:
        raise missing(f"Workspace {request.params['id']} does not exist")
    return body


@route("GET", _PATH, admin=True)
def list_workspaces(request: Request) -> list[Json]:
    """Every workspace, as a bare array."""
    return list(request.account.table("workspaces").values())


@route("GET", _PATH + "/{id}", admin=True)
def get_workspace(request: Request) -> Json:
    """One workspace."""
    return _workspace(request)


@route("POST", _PATH, admin=True, audit="accountsManager.createWorkspaceConfiguration")
def create_workspace(request: Request) -> Json:
    """Create a workspace, of which the caller is an admin.

    It is listed at once, and served on a port of its own.
    """
    request.need("workspace_name")
    _check_references(request.account, request.body)
    workspace = make(request.account, request.account.ids.number(), request.body, request.now)
    workspace.table("assignments")[request.caller.id] = {"permissions": ["ADMIN"]}
    request.account.opened(workspace)
    request.result({"workspace": workspace.deployment})
    return workspace.deployment


@route("PATCH", _PATH + "/{id}", admin=True, audit="accountsManager.updateWorkspaceConfiguration")
def update_workspace(request: Request) -> Json:
    """Change the configurations a workspace refers to."""
    workspace = _workspace(request)
    mask = [name for name in request.query.get("update_mask", "").split(",") if name]
    changes: dict[str, Any] = {k: v for k, v in request.body.items() if not mask or k in mask}
    _check_references(request.account, changes)
    for key in _UPDATABLE & {*changes, *mask}:
        if changes.get(key) in (None, ""):
            workspace.pop(key, None)
        else:
            workspace[key] = changes[key]
    _attach_network(request.account, workspace)
    request.result({"workspace": workspace})
    return workspace


@route("DELETE", _PATH + "/{id}", admin=True, audit="accountsManager.deleteWorkspaceConfiguration")
def delete_workspace(request: Request) -> Json:
    """Cancel a workspace."""
    body = _workspace(request)
    request.account.workspaces.pop(body["workspace_id"], None)
    request.result({"workspace": body})
    return request.account.table("workspaces").pop(request.params["id"])


@seeds("workspaces")
def seed_workspace(seed: Seed, item: Json) -> None:
    """``[[workspaces]]``: an API body plus ``workspace_id`` and ``created`` (epoch ms)."""
    body = {k: v for k, v in item.items() if k not in {"workspace_id", "created"}}
    _check_references(seed.account, body)
    workspace = make(seed.account, item["workspace_id"], body, item["created"])
    seed.remember("workspace", workspace.name, str(workspace.id))
