"""Keys of workspace-conf: `PATCH /api/2.0/workspace-conf`, a flat map of texts."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/workspace-conf"


class WorkspaceConf(Hand):
    """One key; the key of the target is its name, and `/value` its value.

    The API has no way to forget a key once it was set, so a change says what to leave instead.
    """

    kind = "workspace_conf"
    calls = ("GET /api/2.0/workspace-conf", "PATCH /api/2.0/workspace-conf")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the value; None in it when nobody ever set the key."""
        answer = doors.databricks(target.scope).get(_PATH, {"keys": target.key})
        return {"value": answer.get(target.key)}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the map has no etag
        """Set the key."""
        doors.databricks(target.scope).send("PATCH", _PATH, {target.key: wanted["value"]})


HANDS = (WorkspaceConf(),)
