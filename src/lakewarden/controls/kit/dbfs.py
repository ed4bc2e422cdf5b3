"""Folders of DBFS that ought to be empty, unless DBFS is switched off altogether."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, any_of, expect
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.dbfs import DBFS_FOLDERS, Folder
from lakewarden.estate.fact import Fact
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Need
from lakewarden.plan.wish import CannotPlanError, Wish

SWITCH: Final = "disable_legacy_dbfs"
TABLES: Final = "/user/hive/warehouse"
"""Where tables lie that were made without a location."""
_NAMED: Final = 3
"""How many entries of a folder are named."""


def is_off(workspace: Workspace, at: Context) -> Condition:
    """Require that legacy DBFS is switched off; never set means that it is on."""
    return expect(
        at.estate.value(WORKSPACE_SETTINGS, SWITCH, workspace),
        lambda value: value is True,
        expected="true",
        otherwise="legacy DBFS is on",
    )


def switch_off(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Wish that legacy DBFS is off.

    Raises:
        UnreadError: what it is now was not read.
        CannotPlanError: tables lie there, which nobody could read any more.
    """
    insist_no_tables(workspace, at)
    wish = setting_wish(WORKSPACE_SETTINGS, SWITCH, True, at, workspace)  # noqa: FBT003  # the value to set
    yield replace(wish, restart="clusters of the workspace")


def insist_no_tables(workspace: Workspace, at: Context) -> None:
    """Refuse to plan what would take tables of the old Hive metastore from everybody.

    Raises:
        CannotPlanError: some are known to lie in DBFS.
    """
    for folder in at.estate.of(DBFS_FOLDERS, workspace).seen():
        if folder.path == TABLES and folder.entries.gap is None and folder.entries.get():
            raise CannotPlanError(
                f"tables lie in {TABLES}, and nobody could read them any more: move them first"
            )


@dataclass(frozen=True, slots=True)
class EmptyFolder:
    """A folder that ought to be empty.

    Attributes:
        path: where it is.
        danger: what its being full means, in words.
    """

    path: str
    danger: str

    @property
    def needs(self) -> tuple[Need, ...]:
        """Return what must be collected to judge it."""
        return WORKSPACE_SETTINGS.need(SWITCH), DBFS_FOLDERS.need(self.path)

    def is_empty(self, workspace: Workspace, at: Context) -> Condition:
        """Require that nothing is in the folder, or that nobody can get at it.

        The service refuses to list what is switched off, so the setting alone says that it is.
        """
        return any_of(is_off(workspace, at), lambda: self._holds_nothing(workspace, at))

    def _holds_nothing(self, workspace: Workspace, at: Context) -> Condition:
        fact = self._folder(workspace, at).entries
        names = sorted(entry.path.rsplit("/", 1)[-1] for entry in fact.get())
        shown = ", ".join([*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])])
        listed: Fact[tuple[str, ...]] = Fact.of(tuple(names), fact.source, self.path)
        return expect(
            listed,
            lambda value: not value,
            expected="nothing",
            otherwise=f"{self.danger}: {self.path} holds {len(names)} entries: {shown}",
        )

    def _folder(self, workspace: Workspace, at: Context) -> Folder:
        return at.estate.need(DBFS_FOLDERS, self.path, workspace)

    def examples(self) -> Iterable[Example]:
        """Yield the ways to be right, wrong and unread."""
        yield passes("nothing is there", self._estate([]))
        yield passes("switched off, so that nobody can look", self._estate(refused(), on=True))
        yield fails("one entry", self._estate([f"{self.path}/a"]))
        yield fails("many entries", self._estate([f"{self.path}/{n}" for n in range(9)]))
        yield fails("never switched off", self._estate([f"{self.path}/a"], on=None))
        yield unclear("the folder may not be read", self._estate(refused()))
        yield unclear("neither may the setting", self._estate([f"{self.path}/a"], on=refused()))

    def _estate(self, found: Any, *, on: Any = False) -> Any:
        inside = [{"path": path} for path in found] if isinstance(found, list) else None
        return given(
            dbfs_folders=found if inside is None else {self.path: {"files": inside}},
            workspace_settings={SWITCH: on} if on is None or isinstance(on, bool) else on,
        )
