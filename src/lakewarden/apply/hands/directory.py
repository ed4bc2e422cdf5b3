"""Users, groups and service principals of the account: their roles, and whether they are active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Principal(Hand):
    """One principal; the key is its id.

    Roles are read as SCIM has them, without what says how each was come by; one is at
    `/roles/[value=account_admin]`.
    """

    def __init__(self, kind: str, folder: str) -> None:
        path = f"/api/2.0/accounts/{{account_id}}/scim/v2/{folder}/{{id}}"
        self.kind = kind
        self.calls = (f"GET {path}", f"PATCH {path}")
        self._path = path

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return roles and state; those without a state are always active."""
        answer = maybe(doors.databricks(target.scope), self._place(doors, target))
        if answer is None:
            return None
        roles = [{"value": role["value"]} for role in answer.get("roles") or ()]
        return {"id": answer.get("id"), "active": answer.get("active", True), "roles": roles}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Give and take roles, and switch it on or off, in one call."""
        body = {"schemas": [_PATCH], "Operations": list(_operations(found, wanted))}
        doors.databricks(target.scope).send("PATCH", self._place(doors, target), body)

    def _place(self, doors: Doors, target: Target) -> str:
        return self._path.format(account_id=doors.account_id, id=target.key)


def _operations(found: Json, wanted: Json) -> Iterator[Mapping[str, Any]]:
    had = {role["value"] for role in found.get("roles") or ()}
    has = {role["value"] for role in wanted.get("roles") or ()}
    for role in sorted(had - has):
        yield {"op": "remove", "path": f'roles[value eq "{role}"]'}
    if has - had:
        given = [{"value": role} for role in sorted(has - had)]
        yield {"op": "add", "path": "roles", "value": given}
    if found["active"] != wanted["active"]:
        yield {"op": "replace", "path": "active", "value": wanted["active"]}


HANDS = (
    Principal("account_user", "Users"),
    Principal("account_group", "Groups"),
    Principal("account_service_principal", "ServicePrincipals"),
)
