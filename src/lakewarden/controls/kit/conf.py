"""Keys of workspace-conf that must be set to one value, and are set by hand or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lakewarden.controls.kit.condition import Condition, expect, unknown
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Need


@dataclass(frozen=True, slots=True)
class ConfSwitch:
    """A key that is right by default, as far as anybody remembers; so it must be set to say so.

    Attributes:
        key: the key.
        right: the value that it must have, "true" or "false".
        otherwise: what the other value means, in words.
    """

    key: str
    right: str
    otherwise: str

    @property
    def need(self) -> Need:
        """Return what must be collected to judge it."""
        return WORKSPACE_CONF.need(self.key)

    def is_right(self, workspace: Workspace, at: Context) -> Condition:
        """Require the right value; a key that was never set is not known to have it."""
        fact = at.estate.conf(workspace, self.key)
        if fact.gap is None and fact.get() is None:
            detail = f"the default is not certain: set it to {self.right}"
            return unknown(WORKSPACE_CONF.unset(self.key, detail), field=self.key)
        return expect(
            fact, lambda value: value == self.right, expected=self.right, otherwise=self.otherwise
        )


def examples_of(*switches: ConfSwitch) -> Iterable[Example]:
    """Yield the ways to be right, wrong and unread for keys that must all be right."""
    right: dict[str, str | None] = {switch.key: switch.right for switch in switches}
    yield passes("set as it should be", given(workspace_conf=right))
    for switch in switches:
        wrong = "false" if switch.right == "true" else "true"
        yield fails(f"{switch.key} is {wrong}", given(workspace_conf={**right, switch.key: wrong}))
        unset = {**right, switch.key: None}
        yield unclear(f"{switch.key} was never set", given(workspace_conf=unset))
    yield unclear("workspace-conf may not be read", given(workspace_conf=refused()))
