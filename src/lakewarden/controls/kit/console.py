"""Switches of the admin console, which the platform keeps on two surfaces.

The older surface is workspace-conf, a map of strings; the newer one is a typed setting. Nothing
documents which of them a workspace obeys when they disagree, so both must say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lakewarden.controls.kit.condition import Condition, all_of, expect
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.estate.access import WORKSPACE_CONF, WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Need


@dataclass(frozen=True, slots=True)
class ConsoleSwitch:
    """A feature that is on until an admin switches it off.

    Attributes:
        conf: its key in workspace-conf, where "false" switches it off and never set means on.
        setting: its typed setting, empty where there is none.
        when_on: what people can do while it is on, in words.
    """

    conf: str
    setting: str
    when_on: str

    @property
    def needs(self) -> tuple[Need, ...]:
        """Return what must be collected to judge it."""
        typed = (WORKSPACE_SETTINGS.need(self.setting),) if self.setting else ()
        return WORKSPACE_CONF.need(self.conf), *typed

    def is_off(self, workspace: Workspace, at: Context) -> Condition:
        """Require that it is off in workspace-conf, and that the typed setting agrees."""
        conf = at.estate.conf(workspace, self.conf)
        off = expect(
            conf,
            lambda value: value == "false",
            expected="false",
            otherwise=f"{self.when_on}: {self.conf} was never set, and the default is on"
            if conf.gap is None and conf.get() is None
            else f"{self.when_on}: {self.conf} is {{value}}",
        )
        return all_of(off, lambda: self._agrees(workspace, at, off)) if self.setting else off

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
        off, on, unset = ({self.conf: value} for value in ("false", "true", None))
        typed: dict[str, Any] = {"workspace_settings": {self.setting: None}} if self.setting else {}
        yield passes("switched off", given(workspace_conf=off, **typed))
        yield fails("switched on", given(workspace_conf=on, **typed))
        yield fails("never set, so on", given(workspace_conf=unset, **typed))
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
