"""Whose permissions changed, as the audit log has it.

Permissions have no time of change. The events of a lake have one, so that those of few objects are
read again instead of those of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from lakewarden.events.catalog import sets

_NAMING: Final = ("resourceId", "objectId", "job_id", "registeredModelId")
"""The parameters that name the object: `/notebooks/123`, or the id alone."""

Rows = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query over the view `all_events`."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What the audit log says of permissions.

    Attributes:
        ids: of the objects whose permissions were changed.
        until: the time of the newest event of the workspace, Unix time in seconds; 0 for none.
    """

    ids: frozenset[str] = frozenset()
    until: float = 0.0


def signals(rows: Rows, workspace: str, since: float) -> Signals:
    """Return whose permissions were changed in a workspace since a time, Unix time in seconds."""
    day = f"{datetime.fromtimestamp(since, UTC):%Y-%m-%d}"
    of_it = f"source = 'databricks' AND workspace_id = '{int(workspace)}'"
    actions = ", ".join(f"'{name}'" for name in sets()["object_acls"])
    names = ", ".join(f"params['{name}']" for name in _NAMING)
    changed = rows(
        f"SELECT DISTINCT {names} FROM all_events WHERE {of_it} AND day >= '{day}' "  # noqa: S608
        f"AND ts >= {int(since * 1000)} AND service || '.' || action IN ({actions})"
    )
    ((newest,),) = rows(f"SELECT max(ts) FROM all_events WHERE {of_it}")  # noqa: S608  # as above
    ids = {str(name).rpartition("/")[2] for row in changed for name in row if name}
    return Signals(frozenset(ids), (newest or 0) / 1000)
