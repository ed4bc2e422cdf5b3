"""Log deliveries: they can be made, switched on and switched off, and never deleted."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.asking import listed, maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.paging import Paging
from lakewarden.plan.change import Target

_NAME: Final = "config_name="
_PATH: Final = "/api/2.0/accounts/{account_id}/log-delivery"
_ENVELOPE: Final = "log_delivery_configuration"


class LogDelivery(Hand):
    """One delivery; the key is its id, or `config_name=audit` for one that a plan makes.

    As nothing can delete it, one that a plan made counts as gone when it is switched off; making
    it again then switches it on.
    """

    kind = "log_delivery"
    calls = (f"GET {_PATH}", f"POST {_PATH}", f"PATCH {_PATH}/{{config_id}}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the configuration."""
        if target.key.startswith(_NAME):
            found = self._named(doors, target)
            return found if found and found.get("status") == "ENABLED" else None
        path = f"{_base(doors)}/{target.key}"
        answer = maybe(doors.databricks(target.scope), path)
        known: Json | None = answer and answer.get(_ENVELOPE)
        return known

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Switch it on or off."""
        self._switch(doors, target, found, str(wanted["status"]))

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Make it, or switch on the one that was made before."""
        found = self._named(doors, target)
        if found is not None:
            self._switch(doors, target, found, "ENABLED")
            return
        body = {_ENVELOPE: {**wanted, "config_name": target.key.removeprefix(_NAME)}}
        doors.databricks(target.scope).send("POST", _base(doors), body)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Switch it off."""
        self._switch(doors, target, found, "DISABLED")

    def _named(self, doors: Doors, target: Target) -> Json | None:
        host, name = doors.databricks(target.scope), target.key.removeprefix(_NAME)
        envelope = f"{_ENVELOPE}s"
        return listed(host, _base(doors), envelope, Paging.TOKEN, "config_name", name)

    def _switch(self, doors: Doors, target: Target, found: Json, status: str) -> None:
        path = f"{_base(doors)}/{found['config_id']}"
        doors.databricks(target.scope).send("PATCH", path, {"status": status})


def _base(doors: Doors) -> str:
    return _PATH.format(account_id=doors.account_id)


HANDS = (LogDelivery(),)
