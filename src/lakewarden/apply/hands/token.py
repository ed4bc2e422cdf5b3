"""Personal access tokens: what they may call, and their end."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/token-management/tokens"


class Token(Hand):
    """One token; the key is its id, which is no secret. What it is worth is never read."""

    kind = "token"
    calls = (
        "GET /api/2.0/token-management/tokens/{token_id}",
        "PATCH /api/2.0/token-management/tokens/{token_id}",
        "DELETE /api/2.0/token-management/tokens/{token_id}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return what is known of the token."""
        answer = maybe(doors.databricks(target.scope), f"{_PATH}/{target.key}")
        found: Json | None = answer and answer.get("token_info")
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Set its scopes."""
        scopes = list(wanted.get("scopes") or ())
        body = {"token": {"scopes": scopes}, "update_mask": "scopes"}
        doors.databricks(target.scope).send("PATCH", f"{_PATH}/{target.key}", body)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:  # noqa: ARG002  # it has no etag
        """Revoke it."""
        doors.databricks(target.scope).send("DELETE", f"{_PATH}/{target.key}")


HANDS = (Token(),)
