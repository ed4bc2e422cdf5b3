"""Failover groups of the account: what Databricks itself keeps in another region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from lakewarden.apply.doors import Doors
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.clock import parse_time
from lakewarden.errors import ConnectionFailedError

_GROUPS: Final = "/api/disaster-recovery/v1/accounts/{}/failover-groups"


@dataclass(frozen=True, slots=True)
class Group:
    """One failover group.

    Attributes:
        name: of the group.
        state: what it is doing.
        point: until when everything is there; empty where nobody says.
        workspaces: the ids of workspaces whose assets it keeps.
    """

    name: str
    state: str
    point: str
    workspaces: frozenset[str]

    def age(self, now: datetime) -> float | None:
        """Return how many seconds would be lost."""
        try:
            return max(0.0, (now - parse_time(self.point)).total_seconds())
        except ValueError:
            return None

    def as_json(self, now: datetime | None = None) -> dict[str, Any]:
        """Return it as JSON."""
        age = self.age(now or datetime.now(UTC))
        return {
            "name": self.name,
            "state": self.state,
            "replication_point": self.point,
            "age_seconds": None if age is None else round(age),
            "workspaces": sorted(self.workspaces),
        }


def groups(doors: Doors) -> tuple[Group, ...]:
    """Return the failover groups of the account; none where it cannot be read or has none."""
    path = _GROUPS.format(doors.account_id)
    try:
        account = doors.databricks("account")
        named = [
            str(group["name"])
            for group in items(account.get, path, "failover_groups", Paging.TOKEN, trust_empty=True)
        ]
        return tuple(_group(account.get(f"{path}/{name.rpartition('/')[2]}")) for name in named)
    except (CallFailedError, ConnectionFailedError, KeyError):
        return ()


def _group(raw: dict[str, Any]) -> Group:
    kept = (s for s in raw.get("workspace_sets") or () if s.get("replicate_workspace_assets"))
    return Group(
        str(raw.get("name", "")).rpartition("/")[2],
        str(raw.get("state", "")),
        str(raw.get("replication_point") or ""),
        frozenset(str(w) for s in kept for w in s.get("workspace_ids") or ()),
    )
