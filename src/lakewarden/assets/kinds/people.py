"""Users, service principals and groups, as a workspace has them (SCIM, `preview/scim/v2`)."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.assets.kind import Body, Call, Json, Kind, Listing, Paging, Reference

_BASE: Final = "/api/2.0/preview/scim/v2"
_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:"
_MEMBERS: Final = {"Users": "user", "Groups": "group", "ServicePrincipals": "service_principal"}


def _listing(folder: str) -> Listing:
    return Listing(f"{_BASE}/{folder}", "Resources", Paging.SCIM, trust_empty=False)


def _values(raw: Json, name: str) -> list[str]:
    return sorted(str(entry["value"]) for entry in raw.get(name) or ())


def _person(raw: Json) -> Body:
    kept = ("userName", "applicationId", "displayName", "active", "externalId")
    shaped = {name: raw[name] for name in kept if raw.get(name) is not None}
    return {**shaped, "entitlements": _values(raw, "entitlements")}


def _member(entry: Json) -> Body:
    folder, _, principal = str(entry.get("$ref", "")).rpartition("/")
    return {_MEMBERS.get(folder.rpartition("/")[2], "user"): principal or str(entry["value"])}


def _group(raw: Json) -> Body:
    """Return a group; who is in `users` follows from who is in the workspace.

    Who is in a group of the account is kept by the account.
    """
    shaped: dict[str, Any] = {
        "displayName": raw["displayName"],
        "entitlements": _values(raw, "entitlements"),
    }
    if (raw.get("meta") or {}).get("resourceType") == "Group":
        shaped["account"] = True
    elif raw["displayName"] != "users":
        shaped["members"] = [_member(entry) for entry in raw.get("members") or ()]
    return shaped


def _given(spec: Json) -> str:
    if spec.get("account"):
        return "it belongs to the account: assign it to the workspace in the account console"
    return "every workspace has it" if spec["displayName"] in {"admins", "users"} else ""


def _scim(schema: str) -> Any:
    def body(spec: Json, _: str) -> Body:
        made = {"schemas": [f"{_SCHEMA}{schema}"], **spec}
        made.pop("account", None)
        made["entitlements"] = [{"value": value} for value in spec.get("entitlements", ())]
        if "members" in spec:
            made["members"] = [{"value": next(iter(m.values()))} for m in spec["members"]]
        return made

    return body


def _calls(folder: str, schema: str) -> dict[str, Any]:
    one = f"{_BASE}/{folder}/{{id}}"
    return {
        "one": one,
        "create": Call("POST", f"{_BASE}/{folder}", _scim(schema)),
        "update": Call("PUT", one, _scim(schema)),
        "delete": Call("DELETE", one),
    }


KINDS: Final = (
    Kind(
        name="user",
        title="users",
        listing=_listing("Users"),
        id="id",
        key="userName",
        shape=_person,
        principals=("userName",),
        **_calls("Users", "User"),
        limits="names, passwords, tokens and Git credentials of people are theirs and not read",
    ),
    Kind(
        name="service_principal",
        title="service principals",
        listing=_listing("ServicePrincipals"),
        id="id",
        key="applicationId",
        shape=_person,
        principals=("applicationId",),
        **_calls("ServicePrincipals", "ServicePrincipal"),
        limits="in another account each has another application id: give a map of principals",
    ),
    Kind(
        name="group",
        title="groups",
        listing=_listing("Groups"),
        id="id",
        key="displayName",
        shape=_group,
        unordered=("members",),
        references=tuple(Reference(f"members[].{kind}", kind) for kind in _MEMBERS.values()),
        given=_given,
        **_calls("Groups", "Group"),
        limits="who is in a group of the account is kept by the account",
    ),
)
