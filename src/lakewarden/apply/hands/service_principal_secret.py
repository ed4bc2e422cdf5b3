"""OAuth secrets of service principals: they can only be deleted."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.asking import listed
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_KEPT: Final = ("id", "status", "create_time", "expire_time")
_PATH: Final = "/api/2.0/accounts/{account_id}/servicePrincipals/{principal_id}/credentials/secrets"


class ServicePrincipalSecret(Hand):
    """One secret; the key is `PRINCIPAL/SECRET`, two ids. Neither it nor its hash is kept."""

    kind = "service_principal_secret"
    calls = (f"GET {_PATH}", f"DELETE {_PATH}/{{secret_id}}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return when the secret was made, and when it ends."""
        principal, _, secret = target.key.partition("/")
        path = _PATH.format(account_id=doors.account_id, principal_id=principal)
        host = doors.databricks(target.scope)
        try:
            found = listed(host, path, "secrets", Paging.TOKEN, "id", secret)
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND:  # the principal is gone, and its secrets with it
                return None
            raise
        return found and {name: found[name] for name in _KEPT if name in found}

    def delete(self, doors: Doors, target: Target, found: Json) -> None:  # noqa: ARG002  # it has no etag
        """End it at once."""
        principal, _, secret = target.key.partition("/")
        path = _PATH.format(account_id=doors.account_id, principal_id=principal)
        doors.databricks(target.scope).send("DELETE", f"{path}/{secret}")


HANDS = (ServicePrincipalSecret(),)
