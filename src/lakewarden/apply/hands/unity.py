"""What a metastore holds: catalogs, locations, credentials, recipients, bindings and grants.

Each is reached through a workspace that has the metastore, and the one that a plan names stays able
to see it: the plan binds an isolated thing to that workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_BASE: Final = "/api/2.1/unity-catalog"
_USUAL: Final = "BINDING_TYPE_READ_WRITE"
"""What a binding is that does not say."""


class Securable(Hand):
    """A thing that a metastore holds; the key is its name, the document what GET answers."""

    def __init__(self, kind: str, path: str) -> None:
        self.kind = kind
        self._path = f"{_BASE}/{path}"
        one = f"{self._path}/{{name}}"
        self.calls = (f"GET {one}", f"PATCH {one}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return it, None when the workspace shows nothing of that name."""
        return _found(doors, target, self._one(target))

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Send the fields that differ."""
        changes = {k: v for k, v in wanted.items() if v != found.get(k)}
        doors.databricks(target.scope).send("PATCH", self._one(target), changes)

    def _one(self, target: Target) -> str:
        return f"{self._path}/{quote(target.key, safe='')}"


class Recipient(Securable):
    """A recipient of shares.

    The end of its token is kept with the token, and set by a field of the recipient; the service
    keeps no way back to a token that never ends.
    """

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Send the addresses, or the end of the token, whichever differs."""
        body: dict[str, Any] = {}
        if _addresses(wanted) != _addresses(found):
            body["ip_access_list"] = {"allowed_ip_addresses": _addresses(wanted)}
        if ends := set(_ends(wanted).items()) - set(_ends(found).items()):
            body["expiration_time"] = max(end or 0 for _, end in ends)
        doors.databricks(target.scope).send("PATCH", self._one(target), body)


class Bindings(Hand):
    """The workspaces that something is bound to; the key is `catalog/main`, type and name."""

    kind = "workspace_bindings"
    calls = (
        "GET /api/2.1/unity-catalog/bindings/{type}/{name}",
        "PATCH /api/2.1/unity-catalog/bindings/{type}/{name}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the whole list; a service that leaves an empty list out means an empty one."""
        get = doors.databricks(target.scope).get
        found = items(get, _bindings(target), "bindings", Paging.TOKEN, trust_empty=True)
        return {"bindings": list(found)}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Add and remove what differs, in one call."""
        old, new = _by_workspace(found), _by_workspace(wanted)
        body = {
            "add": [{"workspace_id": w, "binding_type": t} for w, t in new.items() - old.items()],
            "remove": [
                {"workspace_id": w, "binding_type": t} for w, t in old.items() if w not in new
            ],
        }
        doors.databricks(target.scope).send("PATCH", _bindings(target), body)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether two bindings are; one without a type is of the usual one."""
        return super().same(target, place, _typed(found), _typed(wanted))


class Grants(Hand):
    """Who holds which privileges on something; the key is `metastore/ID`, type and name."""

    kind = "grants"
    calls = (
        "GET /api/2.1/unity-catalog/permissions/{type}/{name}",
        "PATCH /api/2.1/unity-catalog/permissions/{type}/{name}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the assignments of privileges, those that are inherited left out."""
        answer = doors.databricks(target.scope).get(_grants(target))
        return {"privilege_assignments": answer.get("privilege_assignments", [])}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Grant and revoke what differs, in one call."""
        old, new = _by_principal(found), _by_principal(wanted)
        changes = [
            {
                "principal": who,
                "add": [p for p in new.get(who, ()) if p not in old.get(who, ())],
                "remove": [p for p in old.get(who, ()) if p not in new.get(who, ())],
            }
            for who in sorted(old.keys() | new.keys())
            if old.get(who) != new.get(who)
        ]
        doors.databricks(target.scope).send("PATCH", _grants(target), {"changes": changes})


def _found(doors: Doors, target: Target, path: str) -> Json | None:
    try:
        answer: Json = doors.databricks(target.scope).get(path)
    except CallFailedError as error:
        if error.cause is Cause.NOT_FOUND:
            return None
        raise
    return answer


def _placed(target: Target) -> str:
    kind, _, name = target.key.partition("/")
    return f"{kind}/{quote(name, safe='')}"


def _bindings(target: Target) -> str:
    return f"{_BASE}/bindings/{_placed(target)}"


def _grants(target: Target) -> str:
    return f"{_BASE}/permissions/{_placed(target)}"


def _typed(binding: Any) -> Any:
    return {"binding_type": _USUAL, **binding} if isinstance(binding, Mapping) else binding


def _by_workspace(document: Json) -> dict[int, str]:
    typed = map(_typed, document.get("bindings", ()))
    return {binding["workspace_id"]: binding["binding_type"] for binding in typed}


def _by_principal(document: Json) -> dict[str, list[str]]:
    rows = document.get("privilege_assignments", ())
    return {row["principal"]: list(row.get("privileges", ())) for row in rows}


def _addresses(recipient: Json) -> list[str]:
    allowed = (recipient.get("ip_access_list") or {}).get("allowed_ip_addresses")
    return list(allowed or ())


def _ends(recipient: Json) -> dict[str, int | None]:
    return {token["id"]: token.get("expiration_time") for token in recipient.get("tokens", ())}


HANDS = (
    Securable("catalog", "catalogs"),
    Securable("external_location", "external-locations"),
    Securable("storage_credential", "storage-credentials"),
    Recipient("recipient", "recipients"),
    Bindings(),
    Grants(),
)
