"""Everybody in a workspace can read the DBFS root, and the DBFS API hands its files to whoever
holds a token. Production data there is one stolen credential away from leaving, whatever Unity
Catalog grants say. Switching legacy DBFS off closes the root and the mounts for good.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement, expect
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Severity

CONTROL = Control(
    id="legacy-dbfs-disabled",
    title="The DBFS root and its mounts are switched off",
    paper=("P13",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_SETTINGS.need("disable_legacy_dbfs"),),
    fix=Fix(
        "Move data to Unity Catalog volumes and tables, then set disable_legacy_dbfs to "
        "true. Clusters must restart, and runtimes before 13.3 LTS stop working.",
    ),
    maps=also("asks about the same setting", sat="DP-10"),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return expect(
        at.estate.value(WORKSPACE_SETTINGS, "disable_legacy_dbfs", workspace),
        lambda value: value is True,
        expected="true",
        otherwise="legacy DBFS is open to everybody in the workspace",
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("switched off", given(workspace_settings={"disable_legacy_dbfs": True}))
    yield fails("explicitly on", given(workspace_settings={"disable_legacy_dbfs": False}))
    yield fails("never set", given(workspace_settings={"disable_legacy_dbfs": None}))
    broken = refused(Cause.SERVER_ERROR, "INTERNAL_ERROR")
    yield unclear("the service failed", given(workspace_settings=broken))
