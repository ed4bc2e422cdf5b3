"""A mounted bucket is open to every user of a workspace with the rights of whoever mounted it. The
mount outlives that person's grants and asks nobody again. Mounts show in no API, only where they
are made: in the audit log. With legacy DBFS switched off there are none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, any_of, unknown, violated
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.dbfs import SWITCH, TABLES, is_off, switch_off
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE, name_of
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.dbfs import DBFS_FOLDERS, MOUNTS
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import WORKSPACE_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="dbfs-not-mounted",
    title="No bucket is mounted into DBFS",
    paper=("P13",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_SETTINGS.need(SWITCH), MOUNTS.need()),
    fix=Fix(
        "Replace each mount by an external location or a volume, unmount it with "
        "dbutils.fs.unmount, then switch legacy DBFS off.",
        console="Workspace settings, Security, Disable DBFS root and mounts.",
        api="No API lists or removes mounts; disable_legacy_dbfs among the settings ends them all.",
        terraform="databricks_disable_legacy_dbfs_setting; remove databricks_mount resources.",
        breaks="Code that reads dbfs:/mnt or /dbfs/mnt must use volumes or s3:// URLs.",
    ),
    maps=(
        *also(
            "ends access to buckets that asks its readers for no grant",
            Relation.SUBSET,
            nist="AC-3 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.3.2",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IAM-16",
        ),
        *also(
            "sends readers of buckets to Unity Catalog, which asks each for a grant",
            cis_databricks="2.1.5",
            dasf="DASF-5",
            attack="T1530",
        ),
        *also(
            "asks for the same mounts, without a cluster that cannot see them",
            Relation.EQUAL,
            sat="GOV-11",
        ),
    ),
    limits=("evidence_days",),
    plans_with=(DBFS_FOLDERS.need(TABLES),),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Legacy DBFS is off; a recorded mount contradicts, and without one nothing is known."""
    return any_of(is_off(workspace, at), lambda: _unmounted(workspace, at))


def _unmounted(workspace: Workspace, at: Context) -> Condition:
    mounts = [m for m in at.estate.of(MOUNTS).seen() if m.workspace_id == workspace.id]
    if not mounts:
        gap = MOUNTS.gap(Cause.NOT_READ, "no API lists mounts, and none was recorded being made")
        return unknown(gap, expected="legacy DBFS switched off")
    points = sorted({mount.point for mount in mounts})
    evidence = Evidence(MOUNTS.source, "mountPoint", points, "none")
    return violated(f"{mounts[0].user} mounted {', '.join(points)}", evidence)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """End all mounts at once, and have those that were seen replaced before that."""
    yield from switch_off(workspace, at)
    mounts = {m.point for m in at.estate.of(MOUNTS).seen() if m.workspace_id == workspace.id}
    yield Step(
        f"Before the plan is applied, replace {', '.join(sorted(mounts)) or 'mounts'} of "
        f"{name_of(workspace)} by external locations or volumes, and have code read from there.",
        "`dbutils.fs.mounts()` shows nothing that code still reads",
    )


def _estate(mounts: Any, *, off: Any) -> MemorySnapshot:
    setting = {SWITCH: off} if off is None or isinstance(off, bool) else off
    return given(workspace_settings=setting, mounts=mounts)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    mount = {"workspace_id": WORKSPACE_ID, "point": "/mnt/lake", "user": "a@example.com"}
    mount |= {"times": 1, "last": 0}
    yield passes("switched off", _estate([], off=True))
    yield passes("switched off since", _estate([mount], off=True))
    yield fails("mounted lately", _estate([mount], off=False))
    yield fails("mounted lately, never switched off", _estate([mount], off=None))
    yield unclear("nobody was seen mounting", _estate([], off=False))
    elsewhere = {**mount, "workspace_id": WORKSPACE_ID + 1}
    yield unclear("somebody mounted elsewhere", _estate([elsewhere], off=False))
    yield unclear("the logs may not be read", _estate(refused(), off=False))
    yield unclear("the setting may not be read", _estate([mount], off=refused()))
