"""``/api/2.0/accounts/{account}/scim/v2``: the account's users, service principals and groups."""

from __future__ import annotations

import copy

from lakewarden.simulate import people, scim
from lakewarden.simulate.people import Kind
from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ACCOUNT, Reply, Request, Seed, seeds
from lakewarden.simulate.workspace import identity

route = ACCOUNT.route


def _principal(request: Request, kind: Kind) -> Json:
    principal = request.account.table(kind.table).get(request.params["id"])
    if principal is None:
        raise scim.gone(kind.label, request.params["id"])
    return principal


def _serve(kind: Kind) -> None:
    path = f"/api/2.0/accounts/{{account}}/scim/v2/{kind.folder}"

    def shown(request: Request, principal: Json) -> Json:
        return people.view(request.account, kind, principal)

    @route("GET", path, admin=True)
    def listing(request: Request) -> Json:
        principals = request.account.table(kind.table).values()
        return scim.listing(request, principals, lambda p: shown(request, p))

    @route("GET", path + "/{id}", admin=True)
    def get(request: Request) -> Json:
        return scim.project(request, shown(request, _principal(request, kind)))

    @route("POST", path, admin=True, audit=kind.created)
    def create(request: Request) -> Reply:
        principal = people.create(request.account, kind, request.body or {})
        _note_creation(request, kind, principal)
        return Reply(shown(request, principal), 201)

    @route("PATCH", path + "/{id}", admin=True)
    def patch(request: Request) -> Json:
        principal = _principal(request, kind)
        return change(request, principal, scim.patch(principal, request.body))

    @route("PUT", path + "/{id}", admin=True)
    def put(request: Request) -> Json:
        return change(request, _principal(request, kind), request.body or {})

    def change(request: Request, principal: Json, changed: Json) -> Json:
        before = copy.deepcopy(principal)
        people.store(request.account, kind, principal, changed)
        people.note_changes(request, kind, before, principal)
        return shown(request, principal)

    @route("DELETE", path + "/{id}", admin=True, audit=kind.deleted)
    def delete(request: Request) -> Reply:
        principal = _principal(request, kind)
        key = "targetGroupName" if kind is people.GROUPS else "targetUserName"
        request.audit_params[key] = principal[kind.name_key]
        people.delete(request.account, kind, principal["id"])
        return Reply(b"", 204)


def _note_creation(request: Request, kind: Kind, principal: Json) -> None:
    noun = "Group" if kind is people.GROUPS else "User"
    request.audit_params |= {
        f"target{noun}Id": principal["id"],
        f"target{noun}Name": principal[kind.name_key],
        "endpoint": "scim",
    }
    if any(role["value"] == "account_admin" for role in principal.get("roles", [])):
        request.audit("accounts.setAccountAdmin", request.audit_params)


for _kind in people.KINDS:
    _serve(_kind)


@seeds("users")
def seed_user(seed: Seed, item: Json) -> None:
    """``[[users]]``: a SCIM body; ``account_admin = true`` is short for the role."""
    _seed(seed, people.USERS, "user", item)


@seeds("people")
def seed_people(seed: Seed, item: Json) -> None:
    """``[[people]]``: users by ``names`` in a ``domain``; ``external_ids = false`` omits those."""
    for name in item["names"]:
        body: Json = {"userName": f"{name}@{item['domain']}", "displayName": name}
        body["account_admin"] = item.get("account_admin", False)
        if item.get("external_ids", True):
            body["externalId"] = seed.account.ids.uuid()
        _seed(seed, people.USERS, "user", body)


@seeds("service_principals")
def seed_service_principal(seed: Seed, item: Json) -> None:
    """``[[service_principals]]``: a SCIM body; ``${service_principal.NAME}`` is then its id."""
    made = _seed(seed, people.SERVICE_PRINCIPALS, "service_principal", item)
    seed.remember("application", item["displayName"], made["applicationId"])


@seeds("groups")
def seed_group(seed: Seed, item: Json) -> None:
    """``[[groups]]``: a SCIM body whose ``members`` are names."""
    members = []
    for name in item.get("members", []):
        found = identity.named(seed.account, name)
        if found is None:
            raise LookupError(f"group {item['displayName']}: no principal {name}")
        members.append({"value": found[1]["id"]})
    _seed(seed, people.GROUPS, "group", item | {"members": members})


def _seed(seed: Seed, kind: Kind, label: str, item: Json) -> Json:
    body = {key: value for key, value in item.items() if key != "account_admin"}
    if item.get("account_admin"):
        body["roles"] = [{"value": "account_admin"}]
    path = f"/api/2.0/accounts/{{account}}/scim/v2/{kind.folder}"
    made: Json = seed.call("POST", path, body)
    name = made["displayName"] if kind is people.SERVICE_PRINCIPALS else made[kind.name_key]
    seed.remember(label, name, made["id"])
    return made
