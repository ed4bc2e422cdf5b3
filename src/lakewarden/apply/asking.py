"""Asking for one thing: by its id, or by the name that it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.estate.fact import Cause


def maybe(host: DatabricksHost, path: str, query: Mapping[str, Any] | None = None) -> Any:
    """Return an answer, None when the service says that the thing is not there.

    Raises:
        CallFailedError: anything else went wrong.
    """
    try:
        return host.get(path, query)
    except CallFailedError as error:
        if error.cause is Cause.NOT_FOUND:
            return None
        raise


def listed(
    host: DatabricksHost, path: str, envelope: str, paging: Paging, field: str, wanted: str
) -> Mapping[str, Any] | None:
    """Return the first item of a list with a value in a field, None when none has it.

    A list that is left out of its answer is an empty one here: that is how the service says it.

    Raises:
        CallFailedError: the list cannot be read to its end.
    """
    for item in items(host.get, path, envelope, paging, trust_empty=True):
        if str(item.get(field)) == wanted:
            return item
    return None
