"""Results of notebook cells are kept in the control plane of Databricks, unless the workspace is
told to keep them in its root bucket. There your own key, your bucket policy and your logs protect
them; in the control plane they are copies of your data that you cannot reach.
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
    conf="storeInteractiveNotebookResultsInCustomerAccount",
    setting="",
    danger="results of interactive notebooks are kept by Databricks",
    safe="true",
    otherwise="false",
)

CONTROL = Control(
    id="results-in-customer-account",
    title="Notebook results are kept in the customer's account",
    paper=("P15",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=_SWITCH.needs,
    fix=Fix(
        "Set storeInteractiveNotebookResultsInCustomerAccount to true in workspace-conf, so that "
        "all results go to the workspace's own bucket.",
        console=(
            "Workspace settings, Advanced, Store interactive notebook results in customer "
            "account: on."
        ),
        api=(
            'PATCH /api/2.0/workspace-conf {"storeInteractiveNotebookResultsInCustomerAccount": '
            '"true"}'
        ),
        terraform=(
            "databricks_workspace_conf with custom_config = { "
            'storeInteractiveNotebookResultsInCustomerAccount = "true" }.'
        ),
        breaks=("Results show a little later, and small ones of old runs stay where they are."),
    ),
    maps=(
        *also(
            "keeps results where your own key, policy and logs can protect them",
            Relation.SUBSET,
            nist="AC-20 SC-28",
            soc2="CC6.1 C1.1",
            hipaa="164.312(a)(1)",
            iso="A.5.23 A.8.3",
            ccm="CEK-08 DSP-17",
        ),
        *also(
            "puts results under the storage key of the workspace where there is one",
            cis_databricks="2.1.8",
            pci="3.5.1",
            hipaa="164.312(a)(2)(iv)",
            dasf="DASF-8",
        ),
        *also("reads the same key, and judges it alike", Relation.EQUAL, sat="DP-8"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The key is true; never set means false."""
    return _SWITCH.is_safe(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SWITCH.examples()
