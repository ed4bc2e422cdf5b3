"""Databricks staff who help with a case can sign in to a workspace and see what its users see. An
attacker inside the vendor would come the same way. You decide when that door is open: a window for
one case is a choice, a door that never closes is a standing invitation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from lakewarden.clock import parse_time
from lakewarden.controls.kit.condition import Condition, Judgement, holds, unknown, violated
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import setting_wish
from lakewarden.estate.access import WORKSPACE_SETTINGS_V2
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish

_KEY: Final = "customerApprovedWSLoginExpirationTime"
_PAST: Final = "1998-01-01T00:00:00.000Z"

CONTROL = Control(
    id="support-access-closed",
    title="Databricks staff cannot sign in to the workspace",
    paper=("P30",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(WORKSPACE_SETTINGS_V2.need(_KEY),),
    fix=Fix(
        f"Set {_KEY} to a time in the past, and to one of a few hours ahead while a support case "
        "needs it.",
        console="Workspace settings, Advanced, Workspace access for Databricks personnel: "
        "disabled.",
        api=f'PATCH /api/2.1/settings/{_KEY} {{"string_val": {{"value": "{_PAST}"}}}}',
        terraform=f"databricks_workspace_setting_v2 with name = {_KEY} and string_val = {{ value "
        f'= "{_PAST}" }}',
        breaks="Databricks support cannot look into the workspace until somebody opens a window.",
    ),
    limits=("support_hours",),
    maps=also(
        "opens the workspace to the vendor's staff for a bounded time or never",
        Relation.SUBSET,
        nist="AC-17 MA-4 MA-5 SA-9",
        soc2="CC6.1 CC6.3",
        pci="8.2.7",
        hipaa="164.308(a)(4)(i) 164.312(a)(1)",
        iso="A.5.18 A.5.19 A.8.2",
        ccm="IAM-05 IAM-10",
        attack="T1199 T1078.004",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The window is explicitly closed or over."""
    value = at.estate.value(WORKSPACE_SETTINGS_V2, _KEY, workspace).get()
    evidence = Evidence(WORKSPACE_SETTINGS_V2.call(_KEY), _KEY, value, "a time in the past")
    if not value:  # what an empty text means is told one way here and another there
        detail = f"what holds then is not certain: set it to a time in the past, such as {_PAST}"
        return unknown(WORKSPACE_SETTINGS_V2.unset(_KEY, detail))
    if value == "indefinite":
        return violated("Databricks staff may sign in without end", evidence)
    return _window(str(value), evidence, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Close the window for good."""
    yield setting_wish(WORKSPACE_SETTINGS_V2, _KEY, _PAST, at, workspace)


def _window(value: str, evidence: Evidence, at: Context) -> Condition:
    try:
        end = parse_time(value)
    except ValueError:
        detail = f"{_KEY} is no time"
        return unknown(WORKSPACE_SETTINGS_V2.gap(Cause.MALFORMED, detail, _KEY))
    if end <= at.now:
        return holds(evidence)
    hours = at.policy.limits.support_hours
    longer = f", more than {hours} hours from now" if end - at.now > timedelta(hours=hours) else ""
    shown = end.isoformat(timespec="seconds")
    return violated(f"Databricks staff may sign in until {shown}{longer}", evidence)


def _set(value: object) -> MemorySnapshot:
    return given(workspace_settings_v2={_KEY: value})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edge, the ways to be open, and what is not known."""
    yield passes("closed long ago", _set(_PAST))
    yield unclear("an empty text", _set(""))
    yield passes("closing this very second", _set("2026-01-01T00:00:00Z"))
    yield fails("open for a second more", _set("2026-01-01T00:00:01Z"))
    yield fails("open for days", _set("2026-01-09T00:00:00Z"))
    yield fails("open without end", _set("indefinite"))
    yield unclear("never set", _set(None))
    yield unclear("no time at all", _set("tomorrow"))
    yield unclear("the setting may not be read", given(workspace_settings_v2=refused()))
    yield unclear("the API answers 404", given(workspace_settings_v2=refused(Cause.NOT_FOUND)))
