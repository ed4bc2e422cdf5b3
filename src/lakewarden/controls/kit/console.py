"""Switches of the admin console, which the platform keeps on two surfaces.

The older surface is workspace-conf, a map of strings; the newer one is a typed setting. Nothing
documents which of them a workspace obeys when they disagree, so both must say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lakewarden.controls.kit.condition import Condition, all_of, expect, unknown
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.controls.kit.wishes import conf_wish, setting_wish
from lakewarden.estate.access import WORKSPACE_CONF, WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.defaults import default_of
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Need
from lakewarden.plan.wish import Wish


@dataclass(frozen=True, slots=True)
class ConsoleSwitch:
    """A feature that the console switches off, or makes safe, by one value of one key.

    Attributes:
        conf: its key in workspace-conf.
        setting: its typed setting, where False is safe; empty where there is none.
        danger: what people can do while it is not safe, in words.
        safe: the value in workspace-conf that is safe.
        otherwise: a value that is not.
    """

    conf: str
    setting: str
    danger: str
    safe: str = "false"
    otherwise: str = "true"

    @property
    def certain(self) -> bool:
        """Return whether never set is known to be unsafe; else nobody documents what holds then."""
        return default_of(WORKSPACE_CONF.name, self.conf) is not None

    @property
    def needs(self) -> tuple[Need, ...]:
        """Return what must be collected to judge it."""
        typed = (WORKSPACE_SETTINGS.need(self.setting),) if self.setting else ()
        return WORKSPACE_CONF.need(self.conf), *typed

    def is_safe(self, workspace: Workspace, at: Context) -> Condition:
        """Require the safe value in workspace-conf, and that the typed setting agrees."""
        conf = at.estate.conf(workspace, self.conf)
        unset = conf.gap is None and conf.get() is None
        if unset and not self.certain:
            detail = f"nothing documents what holds until {self.conf} is set: set it explicitly"
            gap = WORKSPACE_CONF.unset(self.conf, detail)
            return unknown(gap, field=self.conf, expected=self.safe)
        said = "was never set, and the default allows it" if unset else "is {value}"
        safe = expect(
            conf,
            lambda value: value == self.safe,
            expected=self.safe,
            otherwise=f"{self.danger}: {self.conf} {said}",
        )
        return all_of(safe, lambda: self._agrees(workspace, at, safe)) if self.setting else safe

    def set_right(self, workspace: Workspace, at: Context) -> Iterable[Wish]:
        """Wish for the safe value, and that the typed setting, if it was ever set, agrees."""
        yield conf_wish(workspace, at, self.conf, self.safe)
        if self.setting:
            said = at.estate.value(WORKSPACE_SETTINGS, self.setting, workspace)
            if said.get() is not None:
                yield setting_wish(WORKSPACE_SETTINGS, self.setting, False, at, workspace)  # noqa: FBT003  # the value to set

    def _agrees(self, workspace: Workspace, at: Context, conf: Condition) -> Condition:
        """Require that the typed setting, if it was ever set, says what workspace-conf says."""
        said = {True: "off", False: "on", None: "unknown"}[conf.met]
        return expect(
            at.estate.value(WORKSPACE_SETTINGS, self.setting, workspace),
            lambda value: value is None or value is (conf.met is False),
            expected="false, or never set",
            otherwise=f"the two surfaces disagree: {self.conf} in workspace-conf is {said}, and "
            f"the setting {self.setting} is {{value}}",
        )

    def examples(self) -> Iterable[Example]:
        """Yield the ways to be right, wrong and unread."""
        off, on, unset = ({self.conf: value} for value in (self.safe, self.otherwise, None))
        typed: dict[str, Any] = {"workspace_settings": {self.setting: None}} if self.setting else {}
        never = fails if self.certain else unclear
        yield passes(f"set to {self.safe}", given(workspace_conf=off, **typed))
        yield fails(f"set to {self.otherwise}", given(workspace_conf=on, **typed))
        yield never("never set", given(workspace_conf=unset, **typed))
        yield unclear("workspace-conf may not be read", given(workspace_conf=refused(), **typed))
        if self.setting:
            yield from self._typed_examples(off, on, unset)

    def _typed_examples(
        self, off: dict[str, str | None], on: dict[str, str | None], unset: dict[str, str | None]
    ) -> Iterable[Example]:
        agrees, differs = {self.setting: False}, {self.setting: True}
        yield passes("off on both surfaces", given(workspace_conf=off, workspace_settings=agrees))
        yield fails("the setting is on", given(workspace_conf=off, workspace_settings=differs))
        yield fails("the setting alone is off", given(workspace_conf=on, workspace_settings=agrees))
        yield fails(
            "the setting is off, the key unset",
            given(workspace_conf=unset, workspace_settings=agrees),
        )
        broken = refused(Cause.SERVER_ERROR, "INTERNAL_ERROR")
        yield unclear("the setting failed", given(workspace_conf=off, workspace_settings=broken))
        yield fails("on, whatever failed", given(workspace_conf=on, workspace_settings=broken))
