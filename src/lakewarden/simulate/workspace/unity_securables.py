"""``/api/2.1/unity-catalog``: catalogs, locations, credentials and recipients, with their bindings.

The families differ in names and defaults only, so one set of handlers serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, denied, invalid, page, seeds
from lakewarden.simulate.workspace.unity_catalog import BASE, is_metastore_admin, metastore, owned
from lakewarden.simulate.workspace.wire import route


@dataclass(frozen=True)
class Family:
    """One kind of securable: its path segment, its type in grants and bindings, its needs."""

    path: str
    type: str
    needs: tuple[str, ...] = ()
    defaults: Json = field(default_factory=dict)
    isolated: str | None = None


FAMILIES = (
    Family(
        "catalogs",
        "catalog",
        defaults={"catalog_type": "MANAGED_CATALOG", "isolation_mode": "OPEN"},
        isolated="ISOLATED",
    ),
    Family(
        "external-locations",
        "external_location",
        ("url", "credential_name"),
        {"read_only": False, "fallback": False, "isolation_mode": "ISOLATION_MODE_OPEN"},
        "ISOLATION_MODE_ISOLATED",
    ),
    Family(
        "storage-credentials",
        "storage_credential",
        defaults={"read_only": False, "isolation_mode": "ISOLATION_MODE_OPEN"},
        isolated="ISOLATION_MODE_ISOLATED",
    ),
    Family(
        "credentials",
        "credential",
        defaults={"purpose": "SERVICE", "isolation_mode": "ISOLATION_MODE_OPEN"},
        isolated="ISOLATION_MODE_ISOLATED",
    ),
    Family("connections", "connection", ("connection_type",)),
    Family("recipients", "recipient", ("authentication_type",), {"tokens": []}),
    Family("shares", "share"),
)
BY_TYPE = {family.type: family for family in FAMILIES}
LATE = ("owner", "isolation_mode", "enable_predictive_optimization")
"""What only an update takes: whoever makes a securable owns it, and it begins open."""
_PRINCIPAL_ARN = "arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL"


def securable(request: Request, family: Family, name: str) -> Json:
    """One securable that shows in the workspace."""
    found = owned(request, family.path).get(name)
    if found is None or not _shows(request, family, found):
        label = family.type.replace("_", " ").capitalize()
        code = f"{family.type.upper()}_DOES_NOT_EXIST"
        raise ApiError(404, code, f"{label} '{name}' does not exist.")
    return found


def _shows(request: Request, family: Family, body: Json) -> bool:
    """Whether the workspace is bound to a securable (if that matters) and the caller may see it."""
    unbound = request.flag("include_unbound") or family.isolated is None
    isolated = body.get("isolation_mode") == family.isolated
    here = any(b["workspace_id"] == request.workspace.id for b in bindings(request, family, body))
    if isolated and not unbound and not here:
        return False
    return request.caller.admin or _manages(request, body) or bool(_granted(request, family, body))


def _granted(request: Request, family: Family, body: Json) -> list[str]:
    own = {request.caller.name, *request.caller.groups, "account users"}
    grants = owned(request, "grants").get(f"{family.type}/{body['name']}", {})
    return [name for name in grants if name in own]


def _manages(request: Request, body: Json) -> bool:
    own = {request.caller.name, *request.caller.groups}
    return body.get("owner") in own or is_metastore_admin(request)


def bindings(request: Request, family: Family, body: Json) -> list[Json]:
    """The workspaces a securable is bound to."""
    entry = owned(request, "bindings").setdefault(f"{family.type}/{body['name']}", {"list": []})
    rows: list[Json] = entry["list"]
    return rows


def manage(request: Request, family: Family, name: str) -> Json:
    """One securable that the caller may change: its owner and the metastore's admins may."""
    body = securable(request, family, name)
    if not (_manages(request, body) or request.caller.admin):
        raise denied(f"User does not have MANAGE on {family.type} '{name}'.")
    return body


def _serve(family: Family) -> None:
    path, noun = f"{BASE}/{family.path}", family.type.title().replace("_", "")
    one = path + "/{name}"

    @route("GET", path)
    def listing(request: Request) -> Json:
        shown = [b for b in owned(request, family.path).values() if _shows(request, family, b)]
        return page(request, shown, family.path.replace("-", "_"))

    @route("GET", one)
    def get(request: Request) -> Json:
        return securable(request, family, request.params["name"])

    @route("POST", path, audit=f"unityCatalog.create{noun}")
    def create(request: Request) -> Json:
        return _create(request, family)

    @route("PATCH", one, audit=f"unityCatalog.update{noun}")
    def update(request: Request) -> Json:
        return _update(request, family)

    @route("DELETE", one, audit=f"unityCatalog.delete{noun}")
    def delete(request: Request) -> None:
        name = manage(request, family, request.params["name"])["name"]
        del owned(request, family.path)[name]
        for kind in ("grants", "bindings"):
            owned(request, kind).pop(f"{family.type}/{name}", None)


def _create(request: Request, family: Family) -> Json:
    name, table = request.need("name"), owned(request, family.path)
    if not (request.caller.admin or is_metastore_admin(request)):
        raise denied(f"User does not have CREATE {family.type.upper()} on Metastore.")
    if name in table:
        raise ApiError(409, f"{family.type.upper()}_ALREADY_EXISTS", f"'{name}' already exists")
    for needed in family.needs:
        request.need(needed)
    body: dict[str, Any] = {
        **family.defaults,
        **{key: value for key, value in request.body.items() if key not in LATE},
        "full_name": name,
        "metastore_id": metastore(request)["metastore_id"],
        "owner": request.caller.name,
        "created_at": request.now,
        "created_by": request.caller.name,
        "updated_at": request.now,
        "updated_by": request.caller.name,
    }
    if "aws_iam_role" in body:
        body["aws_iam_role"] = {
            "external_id": request.account.ids.uuid(),
            "unity_catalog_iam_arn": _PRINCIPAL_ARN,
        } | body["aws_iam_role"]
        body["id"] = request.account.ids.uuid()
    if family.type == "external_location":
        credential = BY_TYPE["storage_credential"]
        body["credential_id"] = securable(request, credential, body["credential_name"])["id"]
    if family.type == "recipient" and body["authentication_type"] == "TOKEN":
        body["tokens"] = [{"id": request.account.ids.uuid(), **_token_life(request)}]
    table[name] = body
    return body


def _token_life(request: Request) -> Json:
    seconds = metastore(request).get("delta_sharing_recipient_token_lifetime_in_seconds", 0)
    given = request.body.get("expiration_time")
    ends = given or (request.now + seconds * 1000 if seconds else None)
    return {"created_at": request.now} | ({"expiration_time": ends} if ends else {})


def _update(request: Request, family: Family) -> Json:
    body = manage(request, family, request.params["name"])
    changes = {k: v for k, v in request.body.items() if k not in {"name", "new_name"}}
    if family.type == "recipient" and "expiration_time" in changes:
        _give_an_end(body, changes["expiration_time"])
    body |= changes | {"updated_at": request.now, "updated_by": request.caller.name}
    if new_name := request.body.get("new_name"):
        table = owned(request, family.path)
        table[new_name] = table.pop(body["name"])
        body |= {"name": new_name, "full_name": new_name}
    return body


def _give_an_end(recipient: Json, ends: Any) -> None:
    """Let the newest token of a recipient end at a moment, in epoch milliseconds."""
    if not recipient["tokens"]:
        raise invalid(f"Recipient '{recipient['name']}' has no token")
    if not isinstance(ends, int) or ends <= 0:
        raise invalid("expiration_time is a moment in epoch milliseconds")
    recipient["tokens"][-1]["expiration_time"] = ends


for _family in FAMILIES:
    _serve(_family)


@route("GET", BASE + "/bindings/{type}/{name}")
def get_bindings(request: Request) -> Json:
    """The workspaces a securable is bound to."""
    family = _bindable(request)
    body = securable(request, family, request.params["name"])
    return page(request, bindings(request, family, body), "bindings")


@route("PATCH", BASE + "/bindings/{type}/{name}", audit="unityCatalog.updateWorkspaceBindings")
def update_bindings(request: Request) -> Json:
    """Bind a securable to workspaces and take bindings away."""
    family = _bindable(request)
    rows = bindings(request, family, manage(request, family, request.params["name"]))
    added, removed = request.body.get("add") or [], request.body.get("remove") or []
    for rows_given in (added, removed):
        if not isinstance(rows_given, list) or not all(map(_is_binding, rows_given)):
            raise invalid("add and remove are lists of objects with a workspace_id")
    gone = {row["workspace_id"] for row in [*added, *removed]}
    rows[:] = [row for row in rows if row["workspace_id"] not in gone]
    rows += [{"binding_type": "BINDING_TYPE_READ_WRITE"} | row for row in added]
    return {"bindings": rows}


def _is_binding(row: object) -> bool:
    return isinstance(row, dict) and "workspace_id" in row


def _bindable(request: Request) -> Family:
    # The update of an isolated securable must reach it from any workspace.
    request.query["include_unbound"] = "true"
    family = BY_TYPE.get(request.params["type"])
    if family is None or family.isolated is None:
        raise invalid(f"'{request.params['type']}' cannot be bound to workspaces")
    return family


@seeds("securables")
def seed_securable(seed: Seed, item: Json) -> None:
    """``[[2001.securables]]``: ``type`` (``catalog`` ...) and the API's fields.

    ``workspaces`` are the ids it is bound to; ``grants`` maps principals to privileges.
    """
    extra = ("type", "workspaces", "grants")
    body = {name: value for name, value in item.items() if name not in extra}
    seed.call("POST", f"{BASE}/{BY_TYPE[item['type']].path}", body)
    where = f"{item['type']}/{item['name']}"
    if "workspaces" in item:
        added = [{"workspace_id": workspace_id} for workspace_id in item["workspaces"]]
        seed.call("PATCH", f"{BASE}/bindings/{where}", {"add": added})
    if "grants" in item:
        changes = [{"principal": p, "add": privileges} for p, privileges in item["grants"].items()]
        seed.call("PATCH", f"{BASE}/permissions/{where}", {"changes": changes})
    if late := {name: item[name] for name in LATE if name in item}:
        seed.call("PATCH", f"{BASE}/{BY_TYPE[item['type']].path}/{item['name']}", late)
