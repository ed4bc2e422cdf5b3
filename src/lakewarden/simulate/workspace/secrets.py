"""``/api/2.0/secrets``: scopes, the secrets in them, and who may use them."""

from __future__ import annotations

import base64
import re
from typing import Any

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, denied, invalid, seeds
from lakewarden.simulate.workspace.wire import route

KIND = "secret-scopes"
LEVELS = ("READ", "WRITE", "MANAGE")
SCOPES_MOST = 1000
SECRETS_MOST = 1000
BYTES_MOST = 128 * 1024
_NAME = re.compile(r"[\w.@-]{1,128}")


@route("GET", "/api/2.0/secrets/scopes/list", audit="secrets.listScopes")
def list_scopes(request: Request) -> Json:
    """Every scope the caller may read, in one answer."""
    return {
        "scopes": [
            {"name": name, "backend_type": "DATABRICKS"}
            for name, scope in request.workspace.table(KIND).items()
            if _holds(request, scope, "READ")
        ]
    }


@route("POST", "/api/2.0/secrets/scopes/create", audit="secrets.createScope")
def create_scope(request: Request) -> None:
    """Make a scope; ``initial_manage_principal`` (only ``users``) or the caller manages it."""
    name, table = request.need("scope"), request.workspace.table(KIND)
    if not _NAME.fullmatch(name):
        raise invalid("A scope name has 1 to 128 letters, digits, dashes, underscores, @ and dots")
    if name in table:
        raise _refused("RESOURCE_ALREADY_EXISTS", f"Scope {name} already exists!")
    if len(table) >= SCOPES_MOST:
        raise _refused("RESOURCE_LIMIT_EXCEEDED", f"A workspace has at most {SCOPES_MOST} scopes")
    manager = request.body.get("initial_manage_principal") or request.caller.name
    if manager not in {"users", request.caller.name}:
        raise invalid("initial_manage_principal must be 'users'")
    table[name] = {"secrets": {}, "acls": {manager: "MANAGE"}}


@route("POST", "/api/2.0/secrets/scopes/delete", audit="secrets.deleteScope")
def delete_scope(request: Request) -> None:
    """Remove a scope and all in it."""
    _scope(request, request.need("scope"), "MANAGE")
    del request.workspace.table(KIND)[request.body["scope"]]


@route("GET", "/api/2.0/secrets/list", audit="secrets.listSecrets")
def list_secrets(request: Request) -> Json:
    """The keys of a scope and when each was last written, never the values."""
    scope = _scope(request, request.need_query("scope"), "READ")
    return {
        "secrets": [
            {"key": key, "last_updated_timestamp": secret["last_updated_timestamp"]}
            for key, secret in scope["secrets"].items()
        ]
    }


@route("GET", "/api/2.0/secrets/get", audit="secrets.getSecret")
def get_secret(request: Request) -> Json:
    """A value in base64; for those with READ only, admins without it are refused."""
    name, key = request.need_query("scope"), request.need_query("key")
    scope = _scope(request, name, "READ")
    if _granted(request, scope) is None:
        raise denied(f"{request.caller.name} has no READ permission on scope {name}")
    if key not in scope["secrets"]:
        raise _absent(f"Failed to get secret {key} for scope {name}.")
    return {"key": key, "value": scope["secrets"][key]["value"]}


@route("POST", "/api/2.0/secrets/put", audit="secrets.putSecret", audit_keys=("scope", "key"))
def put_secret(request: Request) -> None:
    """Write a secret (``string_value`` or base64 ``bytes_value``)."""
    scope, key = _scope(request, request.need("scope"), "WRITE"), request.need("key")
    if not _NAME.fullmatch(key):
        raise invalid("A key has 1 to 128 letters, digits, dashes, underscores, @ and dots")
    if ("string_value" in request.body) == ("bytes_value" in request.body):
        raise _refused("MALFORMED_REQUEST", "Give one of string_value and bytes_value")
    text = request.body.get("string_value")
    encoded = (
        base64.b64encode(text.encode()).decode()
        if text is not None
        else str(request.body["bytes_value"])
    )
    if len(encoded) * 3 // 4 > BYTES_MOST:
        raise invalid("A secret has at most 128 KB")
    if key not in scope["secrets"] and len(scope["secrets"]) >= SECRETS_MOST:
        raise _refused("RESOURCE_LIMIT_EXCEEDED", f"A scope has at most {SECRETS_MOST} secrets")
    scope["secrets"][key] = {"value": encoded, "last_updated_timestamp": request.now}


@route("POST", "/api/2.0/secrets/delete", audit="secrets.deleteSecret")
def delete_secret(request: Request) -> None:
    """Remove a secret."""
    scope, key = _scope(request, request.need("scope"), "WRITE"), request.need("key")
    if scope["secrets"].pop(key, None) is None:
        raise _absent(f"No secret exists with name {key}")


@route("GET", "/api/2.0/secrets/acls/list", audit="secrets.listAcls")
def list_acls(request: Request) -> Json:
    """Who may use a scope; for its managers."""
    scope = _scope(request, request.need_query("scope"), "MANAGE")
    return {"items": [_acl(name, level) for name, level in scope["acls"].items()]}


@route("GET", "/api/2.0/secrets/acls/get", audit="secrets.getAcl")
def get_acl(request: Request) -> Json:
    """What one principal may do with a scope."""
    scope = _scope(request, request.need_query("scope"), "MANAGE")
    principal = request.need_query("principal")
    if principal not in scope["acls"]:
        raise _absent(f"No ACL exists for {principal}")
    return _acl(principal, scope["acls"][principal])


@route("POST", "/api/2.0/secrets/acls/put", audit="secrets.putAcl")
def put_acl(request: Request) -> None:
    """Grant a principal READ, WRITE or MANAGE on a scope."""
    scope, level = _scope(request, request.need("scope"), "MANAGE"), request.need("permission")
    if level not in LEVELS:
        raise invalid(f"permission must be one of {', '.join(LEVELS)}")
    scope["acls"][request.need("principal")] = level


@route("POST", "/api/2.0/secrets/acls/delete", audit="secrets.deleteAcl")
def delete_acl(request: Request) -> None:
    """Take a principal's grant away."""
    scope, principal = _scope(request, request.need("scope"), "MANAGE"), request.need("principal")
    if scope["acls"].pop(principal, None) is None:
        raise _absent(f"No ACL exists for {principal}")


def _scope(request: Request, name: str, level: str) -> Json:
    found = request.workspace.table(KIND).get(name)
    if found is None:
        raise _absent(f"Scope {name} does not exist!")
    if not _holds(request, found, level):
        raise denied(f"User {request.caller.name} does not have {level} permission on scope {name}")
    return found


def _holds(request: Request, scope: Json, level: str) -> bool:
    """Whether the caller may do something with a scope; admins may manage them all."""
    granted = _granted(request, scope)
    return request.caller.admin or (
        granted is not None and LEVELS.index(granted) >= LEVELS.index(level)
    )


def _granted(request: Request, scope: Json) -> str | None:
    own = {request.caller.name, *request.caller.groups}
    levels = [level for principal, level in scope["acls"].items() if principal in own]
    return max(levels, key=LEVELS.index, default=None)


def _acl(principal: str, level: str) -> Json:
    return {"principal": principal, "permission": level}


def _refused(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)


def _absent(message: str) -> ApiError:
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)


@seeds("secret_scopes")
def seed_scope(seed: Seed, item: Json) -> None:
    """``[[2001.secret_scopes]]``: ``scope``, ``secrets`` (key to age, value and time) and ``acls``.

    A secret is ``{key, string_value, at}``; ``acls`` maps principals to levels and replaces the
    creator's own grant.
    """
    name: dict[str, Any] = {"scope": item["scope"]}
    seed.call("POST", "/api/2.0/secrets/scopes/create", name, at=item.get("at"))
    for secret in item.get("secrets", ()):
        body = {k: v for k, v in secret.items() if k != "at"}
        seed.call("POST", "/api/2.0/secrets/put", name | body, at=secret.get("at"))
    if "acls" in item:
        acls = seed.call("GET", f"/api/2.0/secrets/acls/list?scope={item['scope']}")["items"]
        for principal, permission in item["acls"].items():
            body = {"principal": principal, "permission": permission}
            seed.call("POST", "/api/2.0/secrets/acls/put", name | body)
        for acl in acls:
            if acl["principal"] not in item["acls"]:
                body = {"principal": acl["principal"]}
                seed.call("POST", "/api/2.0/secrets/acls/delete", name | body)
