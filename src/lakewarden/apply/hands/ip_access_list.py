"""IP access lists of a workspace, and of the account console."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.apply.asking import listed, maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.paging import Paging
from lakewarden.plan.change import Target

_LABEL: Final = "label="
_CHANGED: Final = ("label", "list_type", "ip_addresses", "enabled")


class IpAccessList(Hand):
    """One list; its key is its id, or `label=office` for one that a plan makes.

    The service itself refuses what would shut the caller out.
    """

    kind = "ip_access_list"
    calls = (
        "GET /api/2.0/ip-access-lists",
        "POST /api/2.0/ip-access-lists",
        "PATCH /api/2.0/ip-access-lists/{list_id}",
        "DELETE /api/2.0/ip-access-lists/{list_id}",
        "GET /api/2.0/accounts/{account_id}/ip-access-lists",
        "POST /api/2.0/accounts/{account_id}/ip-access-lists",
        "PATCH /api/2.0/accounts/{account_id}/ip-access-lists/{list_id}",
        "DELETE /api/2.0/accounts/{account_id}/ip-access-lists/{list_id}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the list as the API has it."""
        host, base = doors.databricks(target.scope), _base(doors, target)
        if target.key.startswith(_LABEL):
            label = target.key.removeprefix(_LABEL)
            return listed(host, base, "ip_access_lists", Paging.ONCE, "label", label)
        answer = maybe(host, f"{base}/{target.key}")
        found: Json | None = answer and answer.get("ip_access_list")
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Change the list."""
        path = f"{_base(doors, target)}/{found['list_id']}"
        body = {name: wanted[name] for name in _CHANGED if name in wanted}
        doors.databricks(target.scope).send("PATCH", path, body)

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Make an enabled list."""
        body = {name: wanted[name] for name in ("label", "list_type", "ip_addresses")}
        doors.databricks(target.scope).send("POST", _base(doors, target), body)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Remove the list."""
        path = f"{_base(doors, target)}/{found['list_id']}"
        doors.databricks(target.scope).send("DELETE", path)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Compare addresses as networks: one address may be written with /32 or without."""
        if place == "/ip_addresses" and found is not None and wanted is not None:
            return _networks(found) == _networks(wanted)
        return super().same(target, place, found, wanted)


def _base(doors: Doors, target: Target) -> str:
    if target.scope == "account":
        return f"/api/2.0/accounts/{doors.account_id}/ip-access-lists"
    return "/api/2.0/ip-access-lists"


def _networks(addresses: Iterable[str]) -> set[str]:
    return {str(ipaddress.ip_network(address, strict=False)) for address in addresses}


HANDS = (IpAccessList(),)
