"""A right to query a table is meant for looking at it, not for carrying it home. With result
download on, every query ends in a button that saves its rows on the reader's laptop, where neither
the audit log nor a revoked grant reaches them. A stolen session uses the same button.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.console import ConsoleSwitch
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SWITCH: Final = ConsoleSwitch(
    conf="enableResultsDownloading",
    setting="enable-results-downloading",
    danger="anybody who can run a query can download its result",
)

CONTROL = Control(
    id="console-results-download",
    title="Query results of notebooks cannot be downloaded",
    paper=("P15",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set enableResultsDownloading to false in workspace-conf, and give people governed ways "
        "to share data.",
        console="Workspace settings, Security, Notebook results download: off.",
        api='PATCH /api/2.0/workspace-conf {"enableResultsDownloading": "false"}',
        terraform=(
            'databricks_workspace_conf with custom_config = { enableResultsDownloading = "false" }.'
        ),
        breaks="People can no longer save the rows under a notebook cell as a file.",
    ),
    maps=(
        *also(
            "switches off a function that saves rows of query results on laptops",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 C1.1",
            iso="A.8.1 A.8.12",
            ccm="DSP-17 UEM-11",
        ),
        *also(
            "limits readers, and stolen sessions, to looking at the data they may query",
            pci="7.2.6",
            hipaa="164.312(a)(1)",
            dasf="DASF-5",
            attack="T1048 T1213",
        ),
        *also(
            "reads the same key, and takes an unset one for on as well",
            Relation.EQUAL,
            sat="DP-5",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch is off, wherever the platform keeps it."""
    return _SWITCH.is_safe(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SWITCH.examples()
