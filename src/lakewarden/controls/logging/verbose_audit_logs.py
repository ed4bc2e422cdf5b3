"""The audit log says that somebody opened a notebook; only its verbose form says which commands
and queries they ran in it. After a theft that is the difference between knowing which tables were
read and having to assume that all of them were.
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import conf_wish
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="verbose-audit-logs",
    title="The audit log records commands and queries",
    paper=("P08",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(WORKSPACE_CONF.need("enableVerboseAuditLogs"),),
    fix=Fix(
        'Set enableVerboseAuditLogs to "true" in the workspace\'s settings. The log then '
        "contains the text of commands, so limit who may read it.",
        console="Workspace settings, Advanced, Verbose audit logs.",
        api='PATCH /api/2.0/workspace-conf {"enableVerboseAuditLogs": "true"}',
        terraform="databricks_workspace_conf with custom_config = { enableVerboseAuditLogs = "
        '"true" }',
        breaks="Nothing stops working; logs grow, and whoever reads them sees the text of "
        "commands, "
        "literals included.",
    ),
    maps=(
        *also(
            "records the commands themselves and not only that somebody ran some",
            Relation.SUBSET,
            nist="AU-3 AU-3(1) AU-12",
            soc2="CC7.2",
            pci="10.2.1.1 10.2.2",
            hipaa="164.312(b)",
            iso="A.5.28 A.8.15",
            ccm="LOG-08 LOG-11",
            dasf="DASF-14",
            attack="T1059",
        ),
        *also("wants the same switch of the workspace to be on", Relation.EQUAL, sat="GOV-15"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is on; never set means off."""
    return expect(
        at.estate.conf(workspace, "enableVerboseAuditLogs"),
        lambda value: value == "true",
        expected="true",
        otherwise="commands and queries are not recorded",
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Switch it on."""
    yield conf_wish(workspace, at, "enableVerboseAuditLogs", "true")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    key = "enableVerboseAuditLogs"
    yield passes("switched on", given(workspace_conf={key: "true"}))
    yield fails("switched off", given(workspace_conf={key: "false"}))
    yield fails("never set", given(workspace_conf={key: None}))
    yield unclear("settings may not be read", given(workspace_conf=refused()))
    yield unclear("the key was not answered", given(workspace_conf={}))
