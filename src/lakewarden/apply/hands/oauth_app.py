"""OAuth apps, the organisation's own and partners': how long their sessions last."""

from __future__ import annotations

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target


class OAuthApp(Hand):
    """One app; the key is its integration id. Its token access policy is written as a whole."""

    def __init__(self, kind: str, folder: str) -> None:
        path = f"/api/2.0/accounts/{{account_id}}/oauth2/{folder}/{{integration_id}}"
        self.kind = kind
        self.calls = (f"GET {path}", f"PATCH {path}")
        self._path = path

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the app; a client secret is not among what the service answers."""
        found: Json | None = maybe(doors.databricks(target.scope), self._place(doors, target))
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Replace its token access policy."""
        body = {"token_access_policy": dict(wanted.get("token_access_policy") or {})}
        doors.databricks(target.scope).send("PATCH", self._place(doors, target), body)

    def _place(self, doors: Doors, target: Target) -> str:
        return self._path.format(account_id=doors.account_id, integration_id=target.key)


HANDS = (
    OAuthApp("custom_app_integration", "custom-app-integrations"),
    OAuthApp("published_app_integration", "published-app-integrations"),
)
