"""What groups are entitled to in a workspace: `/api/2.0/preview/scim/v2/Groups/{id}`."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/preview/scim/v2/Groups/{}"
_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Entitlements(Hand):
    """The entitlements of one group of a workspace; the key of the target is the group's id.

    Its document is the group, and `/entitlements/[value=allow-cluster-create]` one of its rights.
    """

    kind = "entitlements"
    calls = (f"GET {_PATH.format('{id}')}", f"PATCH {_PATH.format('{id}')}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the group; None when it is gone."""
        found: Json | None = maybe(doors.databricks(target.scope), _PATH.format(target.key))
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Give and take the rights that differ, in one call."""
        old, new = _rights(found), _rights(wanted)
        steps: list[dict[str, Any]] = [
            {"op": "remove", "path": f'entitlements[value eq "{right}"]'}
            for right in old
            if right not in new
        ]
        given = [{"value": right} for right in new if right not in old]
        if given:
            steps.append({"op": "add", "path": "entitlements", "value": given})
        body = {"schemas": [_SCHEMA], "Operations": steps}
        doors.databricks(target.scope).send("PATCH", _PATH.format(target.key), body)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether a right is there, whatever else the service says of it."""
        if place.startswith("/entitlements/["):
            return bool(found) == bool(wanted)
        return super().same(target, place, found, wanted)


def _rights(group: Json) -> list[str]:
    return [str(entry["value"]) for entry in group.get("entitlements") or ()]


HANDS = (Entitlements(),)
