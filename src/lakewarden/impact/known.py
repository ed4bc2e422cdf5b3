"""What is known before a plan or after it: its values first, then the snapshot's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from lakewarden.estate.access import ACCOUNT_SETTINGS, WORKSPACE_SETTINGS
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.plan.change import Attributes, Change

T = TypeVar("T")

TWINS: Final = {
    "enableExportNotebook": "enable-export-notebook",
    "enableResultsDownloading": "enable-results-downloading",
    "enableNotebookTableClipboard": "enable-notebook-table-clipboard",
}
"""Keys of workspace-conf that are also typed settings: one switch, two names."""


class Side(StrEnum):
    """Which end of a plan."""

    BEFORE = "before"
    AFTER = "after"


class UnknownError(Exception):
    """Neither the plan nor a snapshot says."""


class Known:
    """What holds before or after a plan. Everything else raises `UnknownError`."""

    def __init__(self, side: Side, changes: Iterable[Change], estate: Estate | None) -> None:
        """Stand at one end of a plan.

        Args:
            side: which end.
            changes: the plan's.
            estate: the deployment before the plan; None where nothing but the plan is known.
        """
        self.side = side
        self._changes: dict[tuple[str, str], dict[str, Change]] = {}
        for change in changes:
            target = change.target
            self._changes.setdefault((target.kind, target.scope), {})[target.key] = change
        self._estate = estate

    def changed(self, kind: str, scope: str) -> Mapping[str, Change]:
        """Return the plan's changes of one kind in a scope, by key."""
        return self._changes.get((kind, scope), {})

    def at(self, change: Change) -> Attributes | None:
        """Return the values of a change at this end; None where the thing is not there."""
        return change.before if self.side is Side.BEFORE else change.after

    @functools.cache  # noqa: B019  # a state lives as long as its replay
    def conf(self, scope: str, name: str) -> str | None:
        """Return a value of workspace-conf, None where nobody ever set it."""
        change = self.changed("workspace_conf", scope).get(name)
        if change is not None:
            value = (self.at(change) or {}).get("/value")
            return None if value is None else str(value)
        twin = self.changed("workspace_setting", scope).get(TWINS.get(name, ""))
        if twin is not None:
            switch = (self.at(twin) or {}).get("/value")
            return None if switch is None else str(switch).lower()
        return self.read(lambda estate: estate.conf(self.workspace(scope), name).get())

    def is_off(self, scope: str, name: str) -> bool:
        """Return whether a key of workspace-conf is set to false."""
        return str(self.conf(scope, name)).lower() == "false"

    def is_on(self, scope: str, name: str) -> bool:
        """Return whether a key of workspace-conf is set to true."""
        return str(self.conf(scope, name)).lower() == "true"

    @functools.cache  # noqa: B019  # likewise
    def setting(self, scope: str, name: str) -> Any:
        """Return the value of a typed setting, None where nobody ever set it."""
        kind = "account_setting" if scope == "account" else "workspace_setting"
        for found in (kind, "workspace_setting_v2"):
            change = self.changed(found, scope).get(name)
            if change is not None:
                return next(iter((self.at(change) or {}).values()), None)
        collection = ACCOUNT_SETTINGS if scope == "account" else WORKSPACE_SETTINGS
        inside = None if scope == "account" else scope
        return self.read(
            lambda estate: estate.value(
                collection, name, None if inside is None else self.workspace(inside)
            ).get()
        )

    @functools.cache  # noqa: B019  # likewise
    def workspace(self, scope: str) -> Workspace:
        """Return a workspace."""
        identity = scope.partition("/")[2]
        return self.read(lambda estate: estate.need(WORKSPACES, identity))

    def read(self, ask: Callable[[Estate], T]) -> T:
        """Ask the snapshot.

        Raises:
            UnknownError: there is none, or it does not say.
        """
        if self._estate is None:
            raise UnknownError("the plan alone does not say; give a snapshot or the deployment")
        try:
            return ask(self._estate)
        except UnreadError as error:
            raise UnknownError(f"not in the snapshot: {error}") from None
