"""Network policies: where serverless compute may connect to, and who may reach a workspace."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/accounts/{account_id}/network-policies/{network_policy_id}"


class NetworkPolicy(Hand):
    """One policy, whole; the key is its id. A write replaces all of it."""

    kind = "network_policy"
    calls = (f"GET {_PATH}", f"PUT {_PATH}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the policy."""
        found: Json | None = maybe(doors.databricks(target.scope), _place(doors, target))
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Replace the policy."""
        doors.databricks(target.scope).send("PUT", _place(doors, target), wanted)


def _place(doors: Doors, target: Target) -> str:
    return _PATH.format(account_id=doors.account_id, network_policy_id=target.key)


HANDS = (NetworkPolicy(),)
