"""Runs keep models, samples of training data and whatever else a training script logged. A model
can be worth more than the data it learned from, and the samples are that data. The download button
hands them to everybody who can look at the run.
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
    conf="mlflowRunArtifactDownloadEnabled",
    setting="",
    danger="anybody who can see a run can download its artifacts",
)

CONTROL = Control(
    id="console-artifact-download",
    title="Artifacts of MLflow runs cannot be downloaded",
    paper=("P15",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set mlflowRunArtifactDownloadEnabled to false in workspace-conf, and hand models out "
        "through the registry.",
        console="Workspace settings, Security, MLflow run artifact download: off.",
        api=('PATCH /api/2.0/workspace-conf {"mlflowRunArtifactDownloadEnabled": "false"}'),
        terraform=(
            "databricks_workspace_conf with custom_config = { mlflowRunArtifactDownloadEnabled = "
            '"false" }.'
        ),
        breaks=(
            "People who fetched models or plots from the run page must read them from a notebook "
            "or the registry."
        ),
    ),
    maps=(
        *also(
            "switches off a function that saves models and logged samples on laptops",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 C1.1",
            iso="A.8.1 A.8.12",
            ccm="DSP-17 UEM-11",
        ),
        *also(
            "takes an easy way to carry models off from a session, a stolen one too",
            hipaa="164.312(a)(1)",
            dasf="DASF-5",
            attack="T1048 T1213",
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
