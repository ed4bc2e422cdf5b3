"""Grants on secret scopes: one entry a scope and principal. Secrets are never touched."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/secrets/acls"


class SecretAcl(Hand):
    """What one principal may do with a scope; the key is `SCOPE/PRINCIPAL`."""

    kind = "secret_acl"
    calls = (
        "GET /api/2.0/secrets/acls/get",
        "POST /api/2.0/secrets/acls/put",
        "POST /api/2.0/secrets/acls/delete",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the grant, None when the principal holds none."""
        try:
            answer: Json = doors.databricks(target.scope).get(f"{_PATH}/get", _named(target))
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND:
                return None
            raise
        return answer

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Grant what is wanted; whatever the principal held before is replaced."""
        body = {**_named(target), "permission": wanted["permission"]}
        doors.databricks(target.scope).send("POST", f"{_PATH}/put", body)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the call replaces
        """Grant what is wanted instead."""
        self.create(doors, target, wanted)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:  # noqa: ARG002  # the target names it
        """Take the grant away."""
        doors.databricks(target.scope).send("POST", f"{_PATH}/delete", _named(target))


def _named(target: Target) -> dict[str, str]:
    scope, _, principal = target.key.partition("/")
    return {"scope": scope, "principal": principal}


HANDS = (SecretAcl(),)
