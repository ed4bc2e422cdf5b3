"""What takes one call a service principal: its OAuth secrets and its federation policies.

Of a secret nothing is kept that could be used or tried: neither its hash nor anything like it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.task import Task, collects
from lakewarden.estate.machines import PRINCIPAL_FEDERATION, PRINCIPAL_SECRETS
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS, AccountServicePrincipal
from lakewarden.estate.record import hollow

_ENVELOPES: Final = {PRINCIPAL_SECRETS.name: "secrets", PRINCIPAL_FEDERATION.name: "policies"}


@collects(PRINCIPAL_SECRETS, PRINCIPAL_FEDERATION)
def of_principals(task: Task) -> Iterator[Any]:
    """Read a list of every service principal; one that fails leaves the others whole."""
    principals = task.before(ACCOUNT_SERVICE_PRINCIPALS)
    envelope = _ENVELOPES[task.kind.name]

    def one(principal: AccountServicePrincipal) -> Any:
        path = task.path.replace("{principal_id}", principal.id)
        keys = {"id": principal.id}
        ask = task.databricks.get
        try:
            found = list(items(ask, path, envelope, Paging.TOKEN, trust_empty=task.trust_empty))
        except CallFailedError as error:
            return hollow(task.kind.record, keys, task.gap(error))
        return task.record({**keys, envelope: found})

    yield from task.fan_out(one, principals.seen())
    if principals.gap is not None:
        gap = principals.gap
        raise CallFailedError(gap.cause, gap.detail, source=gap.source)
