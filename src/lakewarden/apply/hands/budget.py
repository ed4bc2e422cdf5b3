"""Budgets of the account, and whom they alert."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.asking import listed, maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.paging import Paging
from lakewarden.plan.change import Target

_NAME: Final = "display_name="
_PATH: Final = "/api/2.1/accounts/{account_id}/budgets"
_MADE: Final = frozenset({"create_time", "update_time"})


class Budget(Hand):
    """One budget, whole; the key is its id, or `display_name=all` for one that a plan makes."""

    kind = "budget"
    calls = (
        f"GET {_PATH}",
        f"POST {_PATH}",
        f"PUT {_PATH}/{{budget_configuration_id}}",
        f"DELETE {_PATH}/{{budget_configuration_id}}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the budget."""
        host = doors.databricks(target.scope)
        if target.key.startswith(_NAME):
            name = target.key.removeprefix(_NAME)
            return listed(host, _base(doors), "budgets", Paging.TOKEN, "display_name", name)
        answer = maybe(host, f"{_base(doors)}/{target.key}")
        found: Json | None = answer and answer.get("budget")
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Replace the budget."""
        body = {name: value for name, value in wanted.items() if name not in _MADE}
        path = f"{_base(doors)}/{found['budget_configuration_id']}"
        doors.databricks(target.scope).send("PUT", path, {"budget": body})

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Make the budget."""
        doors.databricks(target.scope).send("POST", _base(doors), {"budget": wanted})

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Remove the budget."""
        path = f"{_base(doors)}/{found['budget_configuration_id']}"
        doors.databricks(target.scope).send("DELETE", path)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Compare without the ids that the service gives to alerts and to what they do."""
        return super().same(target, place, _bare(found), _bare(wanted))


def _bare(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_bare(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _bare(v) for name, v in value.items() if not name.endswith("_id")}
    return value


def _base(doors: Doors) -> str:
    return _PATH.format(account_id=doors.account_id)


HANDS = (Budget(),)
