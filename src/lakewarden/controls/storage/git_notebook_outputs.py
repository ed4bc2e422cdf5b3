"""A notebook in IPYNB format carries the output of its cells, rows of tables included. Committed
to Git it takes them out of the workspace to wherever the repository is cloned, with the blessing
of the very process that was to keep code apart from data.
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
    conf="reposIpynbResultsExportPermissions",
    setting="",
    danger="outputs of cells may be committed along with notebooks",
    safe="DISABLE",
    otherwise="ALLOW",
)

CONTROL = Control(
    id="git-notebook-outputs",
    title="Notebook outputs are not committed to Git",
    paper=("P15",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set reposIpynbResultsExportPermissions to DISABLE in workspace-conf, so that Git gets "
        "code alone.",
        console=(
            "Workspace settings, Development, Git, Allow Git folders to export IPYNB outputs: "
            "Disabled."
        ),
        api=('PATCH /api/2.0/workspace-conf {"reposIpynbResultsExportPermissions": "DISABLE"}'),
        terraform=(
            "databricks_workspace_conf with custom_config = { reposIpynbResultsExportPermissions "
            '= "DISABLE" }.'
        ),
        breaks=(
            "Notebooks that were shown with their results on the Git host lose them with the next"
            " commit."
        ),
    ),
    maps=(
        *also(
            "keeps the rows that a notebook shows out of Git, where others may clone them",
            Relation.SUBSET,
            nist="AC-4 AC-20",
            soc2="CC6.7 C1.1",
            hipaa="164.312(a)(1)",
            iso="A.5.14 A.8.12",
            ccm="DSP-10 DSP-17",
        ),
        *also(
            "leaves fewer copies of data and secrets in repositories to guard and erase",
            pci="3.2.1",
            iso="A.8.10",
            dasf="DASF-52",
            attack="T1213 T1552.001",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The key is DISABLE; never set means ALLOW."""
    return _SWITCH.is_safe(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SWITCH.examples()
