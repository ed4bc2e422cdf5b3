"""What happens to principals when SCIM creates, changes and deletes them, on either persona."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lakewarden.simulate import scim
from lakewarden.simulate.state import Account, Json
from lakewarden.simulate.web import Request
from lakewarden.simulate.workspace import identity, tokens

_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
_DATABRICKS = "urn:ietf:params:scim:api:messages:2.0:"


@dataclass(frozen=True)
class Kind:
    """A kind of principal: its table, its place in URLs, its name in messages and audit records."""

    table: str
    folder: str
    label: str
    schema: str
    created: str
    changed: str
    deleted: str

    @property
    def name_key(self) -> str:
        """The attribute that tells principals of this kind apart."""
        return identity.NAMES[self.table]


USERS = Kind(
    "users",
    "Users",
    "User",
    _CORE + "User",
    "accounts.add",
    "accounts.updateUser",
    "accounts.delete",
)
SERVICE_PRINCIPALS = Kind(
    "servicePrincipals",
    "ServicePrincipals",
    "ServicePrincipal",
    _CORE + "ServicePrincipal",
    "accounts.createServicePrincipal",
    "accounts.updateServicePrincipal",
    "accounts.deleteServicePrincipal",
)
GROUPS = Kind(
    "groups",
    "Groups",
    "Group",
    _CORE + "Group",
    "accounts.createGroup",
    "accounts.updateGroup",
    "accounts.removeGroup",
)
KINDS = (USERS, SERVICE_PRINCIPALS, GROUPS)

_KEPT = {
    "users": ("userName", "displayName", "name", "emails", "externalId", "roles"),
    "servicePrincipals": ("applicationId", "displayName", "externalId", "roles"),
    "groups": ("displayName", "externalId", "roles", "members"),
}


def create(account: Account, kind: Kind, body: Json) -> Json:
    """Add a principal to the account.

    Raises:
        ApiError: 400 without a name, 409 when there is such a principal already.
    """
    attributes = clean(kind, body)
    if kind is SERVICE_PRINCIPALS:
        attributes.setdefault("applicationId", account.ids.uuid())
        attributes.setdefault("displayName", attributes["applicationId"])
    name = attributes.get(kind.name_key)
    if not name:
        raise scim.refuse(400, f"Request is missing the attribute {kind.name_key}")
    if find(account, kind, name) is not None:
        raise scim.refuse(409, f"{kind.label} with name {name} already exists.")
    if kind is USERS:
        attributes.setdefault("displayName", name)
        attributes.setdefault("emails", [{"value": name, "type": "work", "primary": True}])
    principal: Json = {"id": str(account.ids.number())} | attributes
    if kind is not GROUPS:
        principal["active"] = scim.truth(body.get("active", True))
    account.table(kind.table)[principal["id"]] = principal
    return principal


def clean(kind: Kind, body: Json) -> Json:
    """The attributes of a body that are kept for a kind; empty lists count as absent."""
    kept = {key: body[key] for key in _KEPT[kind.table] if body.get(key) not in (None, [], "")}
    if "members" in kept:
        kept["members"] = [{"value": member["value"]} for member in kept["members"]]
    return kept


def find(account: Account, kind: Kind, name: str) -> Json | None:
    """The principal of a kind with a name."""
    wanted = name.lower()
    for body in account.table(kind.table).values():
        if body[kind.name_key].lower() == wanted:
            return body
    return None


def store(account: Account, kind: Kind, principal: Json, changed: Json) -> None:
    """Replace what is kept of a principal; names of users do not change through SCIM."""
    fresh = {"id": principal["id"]} | clean(kind, changed)
    if kind is not GROUPS:
        fresh["active"] = scim.truth(changed.get("active", True))
        fresh[kind.name_key] = principal[kind.name_key]
    for member in fresh.get("members", []):
        if identity.find(account, member["value"]) is None:
            raise scim.refuse(400, f"Member {member['value']} does not exist")
    principal.clear()
    principal.update(fresh)


def delete(account: Account, kind: Kind, principal_id: str) -> None:
    """Remove a principal from the account, with everything that named it."""
    account.table(kind.table).pop(principal_id, None)
    groups = [account.table("groups"), *(w.table("groups") for w in account.workspaces.values())]
    for table in groups:
        for group in table.values():
            if "members" in group:
                group["members"] = [m for m in group["members"] if m["value"] != principal_id]
    for workspace in account.workspaces.values():
        tokens.revoke_all(workspace, principal_id)
        for kept in ("assignments", "entitlements", "inactive"):
            workspace.table(kept).pop(principal_id, None)
    for token, bearer in list(account.bearers.items()):
        if bearer.principal_id == principal_id:
            del account.bearers[token]


def view(account: Account, kind: Kind, principal: Json) -> Json:
    """A principal as the account's API shows it."""
    shown: Json = {"schemas": [kind.schema]} | principal
    if kind is GROUPS:
        ids = identity.member_ids(principal)
        shown["meta"] = {"resourceType": "Group"}
        shown["members"] = [identity.reference(account, member) for member in ids]
    return shown


def note_changes(request: Request, kind: Kind, before: Json, after: Json) -> None:
    """Audit what a change of a principal amounts to, one event for each of its parts."""
    target = {"targetUserId": after["id"], "endpoint": "scim"}
    if kind is GROUPS:
        target = {"targetGroupId": after["id"], "targetGroupName": after["displayName"]}
        target |= {"endpoint": "scim"}
        note_members(request, target, _ids(before.get("members")), _ids(after.get("members")))
    else:
        target["targetUserName"] = after[kind.name_key]
    _note_switch(request, target, before, after)
    request.audit(kind.changed, target)


def _note_switch(request: Request, target: Json, before: Json, after: Json) -> None:
    was, now = before.get("active", True), after.get("active", True)
    if was != now:
        request.audit("accounts.activateUser" if now else "accounts.deactivateUser", target)
    admin = "account_admin"
    had, has = admin in _ids(before.get("roles")), admin in _ids(after.get("roles"))
    if had != has:
        request.audit(f"accounts.{'set' if has else 'remove'}AccountAdmin", target)


def note_members(request: Request, group: Json, before: set[str], after: set[str]) -> None:
    """Audit who joined and who left a group."""
    for member in sorted(after - before):
        request.audit("accounts.addPrincipalToGroup", group | _member(request, member))
    for member in sorted(before - after):
        request.audit("accounts.removePrincipalFromGroup", group | _member(request, member))


def _member(request: Request, principal_id: str) -> Json:
    name = identity.name_of(request.account, principal_id)
    return {"targetUserId": principal_id, "targetUserName": name}


def _ids(entries: Iterable[Any] | None) -> set[str]:
    return {entry["value"] for entry in entries or ()}
