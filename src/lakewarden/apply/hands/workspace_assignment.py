"""What a principal of the account may be in a workspace: a user of it, or an admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.paging import Paging, items
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments"


class WorkspaceAssignment(Hand):
    """One assignment; the key is `WORKSPACE/PRINCIPAL`, two ids, and the scope the account."""

    kind = "workspace_assignment"
    calls = (
        f"GET {_PATH}",
        f"PUT {_PATH}/principals/{{principal_id}}",
        f"DELETE {_PATH}/principals/{{principal_id}}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the assignment with its permissions."""
        host, wanted = doors.databricks(target.scope), target.key.partition("/")[2]
        path = _base(doors, target)
        for item in items(host.get, path, "permission_assignments", Paging.ONCE, trust_empty=True):
            principal = item.get("principal")
            if isinstance(principal, Mapping) and str(principal.get("principal_id")) == wanted:
                return item
        return None

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Set what the principal may be."""
        self.create(doors, target, wanted)

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Let the principal in."""
        body = {"permissions": list(wanted["permissions"])}
        doors.databricks(target.scope).send("PUT", _place(doors, target), body)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:  # noqa: ARG002  # it has no etag
        """Take the assignment away."""
        doors.databricks(target.scope).send("DELETE", _place(doors, target))


def _base(doors: Doors, target: Target) -> str:
    workspace = target.key.partition("/")[0]
    return _PATH.format(account_id=doors.account_id, workspace_id=workspace)


def _place(doors: Doors, target: Target) -> str:
    return f"{_base(doors, target)}/principals/{target.key.partition('/')[2]}"


HANDS = (WorkspaceAssignment(),)
