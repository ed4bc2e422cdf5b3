"""Commands that name what is old: the Hive metastore of a workspace, and paths in DBFS.

Their text is in verbose audit logs alone, and may name a thing without using it: so these are
doubts, and never refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lakewarden.impact.event import Event
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 11
_EVENTS: Final = frozenset(
    {("notebook", "runCommand"), ("notebook", "submitCommand")}
    | {("databrickssql", "commandSubmit"), ("jobs", "runCommand")}
)
_NAMED: Final = {
    "disable_legacy_access": (
        re.compile(r"\bhive_metastore\b", re.IGNORECASE),
        "a command names the Hive metastore of the workspace",
    ),
    "disable_legacy_dbfs": (
        re.compile(r"(?:dbfs:|/dbfs)/(?!Volumes/|databricks-datasets/)"),
        "a command names a path in DBFS",
    ),
}
"""By the setting that switches it off: what names it, and what is said."""


def _judges(change: Change) -> bool:
    return change.target.key in _NAMED


def _rule(event: Event, state: State) -> Iterator[Reason]:
    text = event.param("commandText", "command_text")
    for name, (pattern, said) in _NAMED.items():
        if pattern.search(text) and state.setting(event.scope, name) is True:
            what = event.param("notebookId", "warehouseId")
            yield Reason(said, what, sure=False)


FAMILIES: Final = (Family("legacy", _judges, _rule, _EVENTS),)
