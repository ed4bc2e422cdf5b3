"""An exported notebook takes its code and the results under every cell out of the workspace in one
file. For somebody with a stolen session that is the quickest way home with the data, and once it
is on a laptop no grant can be taken back.
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
    conf="enableExportNotebook",
    setting="enable-export-notebook",
    danger="anybody can export notebooks with their results",
)

CONTROL = Control(
    id="console-notebook-export",
    title="Notebooks cannot be exported from the browser",
    paper=("P15",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set enableExportNotebook to false in workspace-conf, and keep code in Git. Admins can "
        "still export by API.",
        console="Workspace settings, Security, Notebook export: off.",
        api='PATCH /api/2.0/workspace-conf {"enableExportNotebook": "false"}',
        terraform=(
            'databricks_workspace_conf with custom_config = { enableExportNotebook = "false" }.'
        ),
        breaks=(
            "People can no longer save notebooks or cells as files from the browser; Git folders "
            "and exports by API keep working."
        ),
    ),
    maps=(
        *also(
            "switches off a function that saves code and the results under it on laptops",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 C1.1",
            iso="A.8.1 A.8.12",
            ccm="DSP-17 UEM-11",
        ),
        *also(
            "takes an easy way to carry data off from a session, a stolen one too",
            hipaa="164.312(a)(1)",
            dasf="DASF-5",
            attack="T1048 T1213",
        ),
        *also(
            "reads the same key, and takes an unset one for on as well",
            Relation.EQUAL,
            sat="DP-6",
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
