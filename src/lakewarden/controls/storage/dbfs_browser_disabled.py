"""The file browser of the workspace shows every file in the DBFS root to every user and lets them
download it. What jobs leave there, such as exports, logs and copies of tables, is then one click
away for whoever has a session, a stolen one too.
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
    conf="enableDbfsFileBrowser",
    setting="",
    danger="everybody can look through the DBFS root and download from it",
)

CONTROL = Control(
    id="dbfs-browser-disabled",
    title="The DBFS file browser is switched off",
    paper=("P13",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set enableDbfsFileBrowser to false in workspace-conf, explicitly, since no API shows its"
        " default.",
        console="Workspace settings, Advanced, DBFS File Browser: off.",
        api='PATCH /api/2.0/workspace-conf {"enableDbfsFileBrowser": "false"}',
        terraform=(
            'databricks_workspace_conf with custom_config = { enableDbfsFileBrowser = "false" }.'
        ),
        breaks=(
            "People who used the browser to look for files need Unity Catalog volumes or "
            "notebooks instead."
        ),
    ),
    maps=(
        *also(
            "hides files of the DBFS root, which no grant protects, from the browser",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-7",
            soc2="CC6.1 CC6.7",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.12",
            ccm="DSP-07 DSP-17",
        ),
        *also(
            "takes the list of files to look through and to save from a stolen session",
            pci="7.2.6",
            dasf="DASF-5",
            attack="T1048 T1530 T1619",
        ),
        *also("reads the same key, and wants it to be off explicitly", Relation.EQUAL, sat="DP-13"),
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
