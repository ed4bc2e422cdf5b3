"""Copying a displayed table to the clipboard is a download that leaves no file and hardly a trace
in the audit log. It undoes the switches for export and download, because the rows go to any window
that is open beside the browser.
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
    conf="enableNotebookTableClipboard",
    setting="enable-notebook-table-clipboard",
    danger="anybody who sees a result can copy the whole table",
)

CONTROL = Control(
    id="console-table-clipboard",
    title="Tables cannot be copied out of notebooks to the clipboard",
    paper=("P15",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set enableNotebookTableClipboard to false in workspace-conf, so that tables stay in the "
        "browser.",
        console="Workspace settings, Security, Notebook table clipboard features: off.",
        api=('PATCH /api/2.0/workspace-conf {"enableNotebookTableClipboard": "false"}'),
        terraform=(
            "databricks_workspace_conf with custom_config = { enableNotebookTableClipboard = "
            '"false" }.'
        ),
        breaks=(
            "People can no longer copy a table from a notebook into a spreadsheet or a message."
        ),
    ),
    maps=(
        *also(
            "switches off a function that copies tables to any window beside the browser",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 C1.1",
            iso="A.8.1 A.8.12",
            ccm="DSP-17 UEM-11",
        ),
        *also(
            "takes a way to carry rows off that hardly leaves a trace",
            pci="7.2.6",
            hipaa="164.312(a)(1)",
            attack="T1048 T1213",
        ),
        *also(
            "reads the same key, and takes an unset one for on as well",
            Relation.EQUAL,
            sat="DP-7",
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
