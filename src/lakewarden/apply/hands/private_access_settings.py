"""Private access settings: whether a workspace answers the internet, and which endpoints."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/accounts/{account_id}/private-access-settings/{id}"
_WRITTEN: Final = (
    "private_access_settings_name",
    "region",
    "public_access_enabled",
    "private_access_level",
    "allowed_vpc_endpoint_ids",
)


class PrivateAccessSettings(Hand):
    """One object, which several workspaces may have; the key is its id. A write replaces it."""

    kind = "private_access_settings"
    calls = (f"GET {_PATH}", f"PUT {_PATH}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the settings."""
        found: Json | None = maybe(doors.databricks(target.scope), _place(doors, target))
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Replace the settings."""
        body = {name: wanted[name] for name in _WRITTEN if name in wanted}
        doors.databricks(target.scope).send("PUT", _place(doors, target), body)


def _place(doors: Doors, target: Target) -> str:
    return _PATH.format(account_id=doors.account_id, id=target.key)


HANDS = (PrivateAccessSettings(),)
