"""What the account says of a workspace: the configurations that it uses."""

from __future__ import annotations

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target


class Workspace(Hand):
    """A workspace; the key of the target is its id.

    Clusters and pools must be stopped before the service takes another key, network or role.
    """

    kind = "workspace"
    calls = (
        "GET /api/2.0/accounts/{account_id}/workspaces/{workspace_id}",
        "PATCH /api/2.0/accounts/{account_id}/workspaces/{workspace_id}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the workspace."""
        answer: Json = doors.databricks(target.scope).get(self._one(doors, target))
        return answer

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Send the fields that differ, and name them, so that the others stay as they are."""
        names = sorted(k for k in {*found, *wanted} if wanted.get(k) != found.get(k))
        body = {name: wanted.get(name) for name in names}
        mask = {"update_mask": ",".join(names)}
        doors.databricks(target.scope).send("PATCH", self._one(doors, target), body, mask)

    def _one(self, doors: Doors, target: Target) -> str:
        return f"/api/2.0/accounts/{doors.account_id}/workspaces/{target.key}"


HANDS = (Workspace(),)
