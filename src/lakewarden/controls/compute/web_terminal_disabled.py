"""The web terminal is a shell on the driver, with all that lies there: other sessions, mounted
storage, credentials in memory. What is typed into it is not a command of a notebook, so the record
of what people ran has a hole exactly there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import ConfSwitch
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SWITCH: Final = ConfSwitch("enableWebTerminal", "false", "people may open a shell on the driver")

CONTROL = Control(
    id="web-terminal-disabled",
    title="Nobody can open a shell on a cluster from the browser",
    paper=("P32",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Set enableWebTerminal to false in workspace-conf, explicitly.",
        console="Settings, Compute, Web terminal: switch it off.",
        api='PATCH /api/2.0/workspace-conf {"enableWebTerminal": "false"}',
        terraform='databricks_workspace_conf: custom_config = { enableWebTerminal = "false" }.',
        breaks="People who repair libraries or watch processes by hand on a cluster can no longer "
        "do so.",
    ),
    maps=(
        *also(
            "closes a shell on machines that hold sessions and credentials of others",
            Relation.SUBSET,
            nist="AC-6 AC-17 CM-7",
            soc2="CC6.1",
            pci="2.2",
            hipaa="164.312(a)(1)",
            iso="A.8.9 A.8.18",
            ccm="IAM-05 IVS-04",
            attack="T1059 T1552",
        ),
        *also(
            "leaves no way to run commands that the record of notebooks misses",
            nist="AU-12",
            pci="10.2.1",
            hipaa="164.312(b)",
            dasf="DASF-14",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch stands at false; what never set means is documented nowhere."""
    return _SWITCH.stands_right(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples()
