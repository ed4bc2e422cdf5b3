"""Questions that one typed setting answers, of a workspace or of the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lakewarden.controls.kit.condition import Condition, expect, unknown
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import Setting
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Kind, Need
from lakewarden.plan.wish import Wish


@dataclass(frozen=True, slots=True)
class TypedSetting:
    """A setting of which some values are safe.

    Attributes:
        kind: the surface that it is on.
        name: its name there.
        safe: the values that are safe, the best first.
        otherwise: values that are not.
        danger: what a wrong value means, in words.
        unset: whether never set is safe; None where nobody documents what holds then.
        place: where a setting of the second version holds its value, if not by its type.
    """

    kind: Kind[Setting]
    name: str
    safe: tuple[Any, ...]
    otherwise: tuple[Any, ...]
    danger: str
    unset: bool | None = False
    place: tuple[str, ...] = ()

    @property
    def need(self) -> Need:
        """Return what must be collected to judge it."""
        return self.kind.need(self.name)

    @property
    def wanted(self) -> str:
        """Return the safe values in words."""
        return " or ".join(_shown(value) for value in self.safe)

    def is_safe(self, at: Context, workspace: Workspace | None = None) -> Condition:
        """Require a safe value."""
        fact = at.estate.value(self.kind, self.name, workspace)
        never = fact.gap is None and fact.get() is None
        if never and self.unset is None:
            detail = f"nothing documents what holds until {self.name} is set: set it explicitly"
            gap = self.kind.unset(self.name, detail)
            return unknown(gap, field=self.name, expected=self.wanted)
        said = "was never set" if never else "is {value}"
        return expect(
            fact,
            lambda value: self.unset is True if value is None else self._holds(value),
            expected=self.wanted,
            otherwise=f"{self.danger}: {self.name} {said}",
        )

    def set_right(self, _: object, at: Context) -> Iterable[Wish]:
        """Wish for the best of the safe values."""
        yield setting_wish(self.kind, self.name, self.safe[0], at, at.workspace, self.place)

    def _holds(self, value: Any) -> bool:
        if type(value) not in {type(safe) for safe in self.safe}:
            raise ValueError(f"{value!r} is not a {type(self.safe[0]).__name__}")
        return value in self.safe

    def examples(self) -> Iterable[Example]:
        """Yield the ways to be right, wrong and unread."""
        never = {True: passes, False: fails, None: unclear}[self.unset]
        for value in self.safe:
            yield passes(f"set to {_shown(value)}", self._estate({self.name: value}))
        for value in self.otherwise:
            yield fails(f"set to {_shown(value)}", self._estate({self.name: value}))
        yield unclear("a value of another type", self._estate({self.name: 0}))
        yield never("never set", self._estate({self.name: None}))
        yield unclear("the service failed", self._estate(refused(Cause.SERVER_ERROR)))
        yield unclear("it may not be read", self._estate(refused()))

    def _estate(self, answer: Any) -> Any:
        return given(**{self.kind.name: answer})


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
