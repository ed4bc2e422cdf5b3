"""Personal access tokens: ``/api/2.0/token`` for owners, ``token-management`` for admins."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.state import DAY_MS, Bearer, Json, Workspace
from lakewarden.simulate.web import WORKSPACE, ApiError, Request, Seed, denied, invalid, seeds
from lakewarden.simulate.workspace import identity, permissions

route = WORKSPACE.route

LONGEST_DAYS = 730
_NEVER = -1


def max_lifetime_days(workspace: Workspace) -> int | None:
    """The longest lifetime that a new token may have; ``None`` when nothing was set."""
    text = workspace.conf.get("maxTokenLifetimeDays", "")
    return int(text) or None if text else None


def check_usable(workspace: Workspace, request: Request) -> None:
    """Refuse a call made with a token where tokens are off, or off for its owner."""
    if workspace.conf.get("enableTokensConfig", "true").lower() == "false":
        raise denied("Personal access tokens are disabled for this workspace")
    if not permissions.entitled_to_tokens(workspace, request.caller):
        raise denied("The caller is not allowed to use personal access tokens")


def _expiry(request: Request, seconds: Any) -> int:
    limit = max_lifetime_days(request.workspace)
    if seconds in {None, 0, -1}:
        if limit is None:
            return _NEVER
        return request.now + limit * DAY_MS
    lifetime_ms = int(seconds) * 1000
    if lifetime_ms < 0:
        raise invalid("lifetime_seconds must not be negative")
    if lifetime_ms > (limit or LONGEST_DAYS) * DAY_MS:
        raise invalid(f"Token lifetime is longer than the {limit or LONGEST_DAYS} days allowed")
    return request.now + lifetime_ms


def _issue(request: Request, owner: Json) -> Json:
    workspace, body = request.workspace, request.body or {}
    token_id, value = request.account.ids.hex(64), f"dapi{request.account.ids.hex(32)}"
    expiry = _expiry(request, body.get("lifetime_seconds"))
    info: Json = {
        "token_id": token_id,
        "comment": body.get("comment", ""),
        "creation_time": request.now,
        "expiry_time": expiry,
        "created_by_id": int(request.caller.id),
        "created_by_username": request.caller.name,
        "owner_id": int(owner["id"]),
        "workspace_id": workspace.id,
    }
    if body.get("scopes"):
        info["scopes"] = body["scopes"]
    workspace.table("tokens")[token_id] = info
    request.account.bearers[value] = Bearer(
        owner["id"], "pat", workspace.id, token_id, None if expiry == _NEVER else expiry
    )
    request.audit_params |= {
        "tokenExpirationTime": str(expiry),
        "tokenHash": token_id,
        "userId": owner["id"],
    }
    return {"token_value": value, "token_info": info}


def _revoke(workspace: Workspace, token_id: str) -> None:
    del workspace.table("tokens")[token_id]
    bearers = workspace.account.bearers
    for value in [v for v, bearer in bearers.items() if bearer.token_id == token_id]:
        del bearers[value]


def revoke_all(workspace: Workspace, principal_id: str) -> None:
    """Revoke every token of a principal that leaves a workspace."""
    tokens = workspace.table("tokens").values()
    owned = [info["token_id"] for info in tokens if str(info["owner_id"]) == principal_id]
    for token_id in owned:
        _revoke(workspace, token_id)


def _public(info: Json) -> Json:
    keys = ("token_id", "creation_time", "expiry_time", "comment", "scopes", "last_used_day")
    return {key: info[key] for key in keys if key in info}


def _token(request: Request, token_id: str) -> Json:
    info = request.workspace.table("tokens").get(token_id)
    if info is None:
        raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"Token {token_id} does not exist")
    return info


def _own(request: Request, token_id: str) -> Json:
    info = _token(request, token_id)
    if info["owner_id"] != int(request.caller.id):
        raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"Token {token_id} does not exist")
    return info


@route("POST", "/api/2.0/token/create", audit="accounts.generateDbToken", audit_keys=())
def create_token(request: Request) -> Json:
    """A token for the caller; ``lifetime_seconds`` absent means the longest allowed."""
    check_usable(request.workspace, request)
    made = _issue(request, request.caller.principal)
    return made | {"token_info": _public(made["token_info"])}


@route("GET", "/api/2.0/token/list")
def list_own_tokens(request: Request) -> Json:
    """The caller's own tokens."""
    tokens = request.workspace.table("tokens").values()
    owned = [_public(t) for t in tokens if t["owner_id"] == int(request.caller.id)]
    return {"token_infos": owned}


@route("POST", "/api/2.0/token/delete", audit="accounts.revokeDbToken", audit_keys=())
def delete_own_token(request: Request) -> None:
    """Revoke one of the caller's tokens."""
    info = _own(request, request.need("token_id"))
    _note_revocation(request, info)
    _revoke(request.workspace, info["token_id"])


@route("PATCH", "/api/2.0/token/{id}", audit="accounts.updateDbToken")
def update_own_token(request: Request) -> Json:
    """Change the comment or scopes of one of the caller's tokens."""
    return _public(_update(request, _own(request, request.params["id"])))


@route("GET", "/api/2.0/token-management/tokens", admin=True)
def list_tokens(request: Request) -> Json:
    """Every token of the workspace; in one answer, whatever their number."""
    tokens = request.workspace.table("tokens").values()
    by_id = request.query.get("created_by_id")
    by_name = request.query.get("created_by_username")
    found = [
        token
        for token in tokens
        if (by_id is None or str(token["created_by_id"]) == by_id)
        and (by_name is None or token["created_by_username"] == by_name)
    ]
    return {"token_infos": found}


@route("GET", "/api/2.0/token-management/tokens/{id}", admin=True)
def get_token(request: Request) -> Json:
    """One token of the workspace."""
    return {"token_info": _token(request, request.params["id"])}


@route(
    "DELETE",
    "/api/2.0/token-management/tokens/{id}",
    admin=True,
    audit="accounts.revokeDbToken",
    audit_keys=(),
)
def delete_token(request: Request) -> None:
    """Revoke somebody's token."""
    info = _token(request, request.params["id"])
    _note_revocation(request, info)
    _revoke(request.workspace, info["token_id"])


@route("PATCH", "/api/2.0/token-management/tokens/{id}", admin=True, audit="accounts.updateDbToken")
def update_token(request: Request) -> Json:
    """Change the comment or scopes of somebody's token."""
    return _update(request, _token(request, request.params["id"]))


@route(
    "POST",
    "/api/2.0/token-management/on-behalf-of/tokens",
    admin=True,
    audit="accounts.generateDbToken",
    audit_keys=(),
)
def create_token_on_behalf(request: Request) -> Json:
    """A token for a service principal."""
    found = identity.named(request.account, request.need("application_id"))
    if found is None or found[0] != "servicePrincipals":
        raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", "The service principal does not exist")
    if identity.admins_restricted(request.workspace) and found[1]["id"] != request.caller.id:
        raise denied("Workspace admins can not create tokens on behalf of service principals")
    if request.workspace.conf.get("enableTokensConfig", "true").lower() == "false":
        raise denied("Personal access tokens are disabled for this workspace")
    return _issue(request, found[1])


def _update(request: Request, info: Json) -> Json:
    changes = (request.body or {}).get("token", {})
    mask = (request.body or {}).get("update_mask", "")
    for key in {"comment", "scopes"} & set(changes):
        if key in mask or not mask:
            info[key] = changes[key]
    return info


def _note_revocation(request: Request, info: Json) -> None:
    request.audit_params |= {"tokenHash": info["token_id"], "userId": str(info["owner_id"])}


@seeds("tokens")
def seed_token(seed: Seed, item: Json) -> None:
    """``[[2001.tokens]]``: ``owner``, ``comment``, ``created`` (ms), ``lifetime_days``, ``scopes``.

    Without ``lifetime_days`` it never expires; ``last_used`` (epoch ms) is optional. Limits of the
    workspace count only if they were set before, further up in the file.
    """
    body: Json = {key: item[key] for key in ("comment", "scopes") if key in item}
    if "lifetime_days" in item:
        body["lifetime_seconds"] = item["lifetime_days"] * 86_400
    made = seed.call("POST", "/api/2.0/token/create", body, by=item["owner"], at=item["created"])
    info = seed.workspace.table("tokens")[made["token_info"]["token_id"]]
    info["last_used_day"] = item.get("last_used", item["created"])
    seed.remember("token", item["comment"], info["token_id"])
