"""Switches that must stand at one value: keys of workspace-conf, and typed settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from lakewarden.controls.kit.condition import Condition, expect, unknown
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.controls.kit.wishes import conf_wish, setting_wish
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.defaults import default_of
from lakewarden.estate.fact import Cause, Fact
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Kind, Need
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.plan.wish import Wish


@dataclass(frozen=True, slots=True)
class ConfSwitch:
    """A key of workspace-conf.

    Attributes:
        key: its name.
        wanted: the value that is right.
        otherwise: what any other value means, in words.
    """

    key: str
    wanted: str
    otherwise: str

    @property
    def default(self) -> str | None:
        """Return what it stands at when nobody ever set it; None where no document says so."""
        found: str | None = default_of(WORKSPACE_CONF.name, self.key)
        return found

    @property
    def need(self) -> Need:
        """Return what must be collected to judge it."""
        return WORKSPACE_CONF.need(self.key)

    def stands_right(self, workspace: Workspace, at: Context) -> Condition:
        """Require the value that is wanted."""
        conf = at.estate.conf(workspace, self.key)
        if conf.gap is None and conf.get() is None and self.default is None:
            detail = f"{self.key} was never set, and no document says what that means: set it"
            return unknown(
                WORKSPACE_CONF.unset(self.key, detail), field=self.key, expected=self.wanted
            )
        return expect(
            conf,
            lambda value: (self.default if value is None else value.lower()) == self.wanted,
            expected=self.wanted,
            otherwise=f"{self.otherwise}: {self._told(conf)}",
        )

    def set_right(self, workspace: Workspace, at: Context) -> Iterable[Wish]:
        """Wish for the value that is wanted."""
        yield conf_wish(workspace, at, self.key, self.wanted)

    def _told(self, conf: Fact[str | None]) -> str:
        if conf.gap is None and conf.get() is None:
            return f"{self.key} was never set, which means {self.default}"
        return f"{self.key} is {{value}}"

    def examples(self, **others: str | None) -> Iterable[Example]:
        """Yield the ways to be right, wrong and unread; `others` are further keys that are set."""
        wrong = "false" if self.wanted == "true" else "true"
        yield passes(f"{self.key} as it should be", _conf(self.key, self.wanted, others))
        yield fails(f"{self.key} the wrong way round", _conf(self.key, wrong, others))
        unset = unclear if self.default is None else fails
        yield unset(f"{self.key} never set", _conf(self.key, None, others))
        yield unclear(f"{self.key} not answered", given(workspace_conf=dict(others)))
        yield unclear("workspace-conf may not be read", given(workspace_conf=refused()))


def _conf(key: str, value: str | None, others: dict[str, str | None]) -> MemorySnapshot:
    return given(workspace_conf={**others, key: value})


@dataclass(frozen=True, slots=True)
class TypedSwitch:
    """A typed setting that is off, or at its default, until somebody sets it.

    Attributes:
        kind: the surface that it is on.
        key: its type name.
        wanted: the value that is right.
        otherwise: what any other value means, in words.
        permanent: nobody can ever switch it off again.
    """

    kind: Kind[Any]
    key: str
    wanted: Any
    otherwise: str
    permanent: bool = False

    @property
    def need(self) -> Need:
        """Return what must be collected to judge it."""
        return self.kind.need(self.key)

    def stands_right(self, at: Context) -> Condition:
        """Require the value that is wanted; never set is another one."""
        setting = at.estate.value(self.kind, self.key, at.workspace)
        never = setting.gap is None and setting.get() is None
        told = f"{self.key} was never set" if never else f"{self.key} is {{value}}"
        return expect(
            setting,
            lambda value: value == self.wanted and type(value) is type(self.wanted),
            expected=str(self.wanted).lower() if self.wanted is True else str(self.wanted),
            otherwise=f"{self.otherwise}: {told}",
        )

    def set_right(self, _: object, at: Context) -> Iterable[Wish]:
        """Wish for the value that is wanted."""
        wish = setting_wish(self.kind, self.key, self.wanted, at, at.workspace)
        lasting = "the platform never lets anybody switch it off again" if self.permanent else ""
        yield replace(wish, permanent=self.permanent, irreversible=lasting)

    def examples(self, wrong: Any) -> Iterable[Example]:
        """Yield the ways to be right, wrong and unread."""
        yield passes("as it should be", self._set(self.wanted))
        yield fails("the wrong way round", self._set(wrong))
        yield fails("never set", self._set(None))
        yield unclear("may not be read", self._answered(refused()))
        broken = refused(Cause.SERVER_ERROR, "INTERNAL_ERROR")
        yield unclear("the service failed", self._answered(broken))

    def _set(self, value: Any) -> MemorySnapshot:
        return self._answered({self.key: value})

    def _answered(self, items: Any) -> MemorySnapshot:
        kinds: dict[str, Any] = {self.kind.name: items}
        return given(**kinds)
