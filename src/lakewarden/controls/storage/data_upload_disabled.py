"""The upload pages turn a file from anybody's laptop into a table or a DBFS file. Data comes in
that way without an owner, a source or a check, and a prepared file is a way in for whoever can
persuade one user to upload it.
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
    conf="enableUploadDataUis",
    setting="",
    danger="everybody can upload files and make tables of them",
)

CONTROL = Control(
    id="data-upload-disabled",
    title="Data cannot be uploaded from the browser",
    paper=("P13",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set enableUploadDataUis to false in workspace-conf, and bring data in through pipelines.",
        console="Workspace settings, Advanced, Upload data using the UI: off.",
        api='PATCH /api/2.0/workspace-conf {"enableUploadDataUis": "false"}',
        terraform=(
            'databricks_workspace_conf with custom_config = { enableUploadDataUis = "false" }.'
        ),
        breaks="Analysts can no longer make a table from a local file in the browser.",
    ),
    maps=(
        *also(
            "closes a way in for files that nobody vetted",
            Relation.SUBSET,
            nist="AC-4 CM-7",
            soc2="CC6.8",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.5.14 A.8.7",
            ccm="DSP-07 TVM-02",
        ),
        *also(
            "leaves data and prepared files to come in by pipelines, which can check them",
            nist="SI-10",
            soc2="PI1.2",
            attack="T1204",
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
