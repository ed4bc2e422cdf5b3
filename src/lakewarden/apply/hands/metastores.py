"""Metastores, as the account has them, and which workspace uses which."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_ACCOUNT: Final = "/api/2.0/accounts"


class Metastore(Hand):
    """A metastore; the key of the target is its id, the document its `metastore_info`."""

    kind = "metastore"
    calls = (
        "GET /api/2.0/accounts/{account_id}/metastores/{metastore_id}",
        "PUT /api/2.0/accounts/{account_id}/metastores/{metastore_id}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return what the account says of it."""
        answer: Json = doors.databricks(target.scope).get(self._one(doors, target))
        found: Json = answer["metastore_info"]
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Send the fields that differ; the service leaves the others as they are."""
        changes = {k: v for k, v in wanted.items() if v != found.get(k)}
        body = {"metastore_info": changes}
        doors.databricks(target.scope).send("PUT", self._one(doors, target), body)

    def _one(self, doors: Doors, target: Target) -> str:
        return f"{_ACCOUNT}/{doors.account_id}/metastores/{target.key}"


class MetastoreAssignment(Hand):
    """The metastore of a workspace; the key of the target is the workspace's id."""

    kind = "metastore_assignment"
    calls = (
        "GET /api/2.0/accounts/{account_id}/workspaces/{workspace_id}/metastore",
        "POST /api/2.0/accounts/{account_id}/workspaces/{workspace_id}/metastores/{metastore_id}",
        "DELETE /api/2.0/accounts/{account_id}/workspaces/{workspace_id}/metastores/{metastore_id}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the assignment, None when the workspace has no metastore."""
        path = f"{self._workspace(doors, target)}/metastore"
        try:
            answer = doors.databricks(target.scope).get(path)
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND:
                return None
            raise
        found: Json = answer.get("metastore_assignment") or {}
        return found if found.get("metastore_id") else None

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Assign a metastore to a workspace that has none."""
        body = {"metastore_assignment": {**wanted, "workspace_id": int(target.key)}}
        path = f"{self._workspace(doors, target)}/metastores/{wanted['metastore_id']}"
        doors.databricks(target.scope).send("POST", path, body)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Leave the workspace with no metastore."""
        path = f"{self._workspace(doors, target)}/metastores/{found['metastore_id']}"
        doors.databricks(target.scope).send("DELETE", path)

    def _workspace(self, doors: Doors, target: Target) -> str:
        return f"{_ACCOUNT}/{doors.account_id}/workspaces/{target.key}"


HANDS = (Metastore(), MetastoreAssignment())
