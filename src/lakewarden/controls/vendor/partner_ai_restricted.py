"""Assistive features can send prompts, code and samples of data to models that a partner of the
vendor runs, outside the boundary that the rest of the deployment was reviewed for. Switched off,
what people type stays with the one vendor that you chose.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.setting import TypedSetting
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_NAME: Final = "llm_proxy_partner_powered"
_HERE: Final = TypedSetting(
    WORKSPACE_SETTINGS, _NAME, (False,), (True,), "partners' models see what people type", None
)
CONTROL = Control(
    id="partner-ai-restricted",
    title="Assistive features of the workspace use no models that partners run",
    paper=("P30",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_HERE.need,),
    fix=Fix(
        "Switch partner-powered AI features off in the workspace, and enforce the same for the "
        "whole account.",
        console="Account console, Settings, Feature enablement, Partner-powered AI features: off, "
        "enforced; or Workspace settings, Advanced.",
        api=f'PATCH /api/2.1/settings/{_NAME} {{"boolean_val": {{"value": false}}}}',
        terraform=f"databricks_workspace_setting_v2 with name = {_NAME} and boolean_val = "
        "{ value = false }",
        breaks="Features that only partners' models offer disappear; others answer by models that "
        "the vendor hosts.",
    ),
    maps=(
        *also(
            "keeps prompts and samples of data with the one vendor that you reviewed",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7 SA-9",
            soc2="CC6.7",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.14 A.5.21 A.5.23 A.8.12",
            ccm="DSP-10 DSP-17",
        ),
        *also("limits too which models of others the workspace talks to", dasf="DASF-54 DASF-64"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The workspace switches it off explicitly."""
    return _HERE.is_safe(at, workspace)


CONTROL.mends(_HERE.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _HERE.examples()
