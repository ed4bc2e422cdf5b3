"""Each machine of a cluster can ask AWS's metadata service for the credentials of its instance
profile. Under the first version of that service any program that can be made to fetch a URL
fetches them too; the second asks for a session first, which such tricks cannot open.
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

_SWITCH: Final = ConfSwitch(
    "enableEnforceImdsV2",
    "true",
    "machines hand out their credentials to any request",
)

CONTROL = Control(
    id="imdsv2-enforced",
    title="Machines give their credentials to sessions alone",
    paper=("P25", "P28"),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Set enableEnforceImdsV2 to true in workspace-conf and restart the clusters; only new "
        "machines obey it.",
        console="Settings, Compute: switch on the enforcement of the second version of the "
        "metadata service.",
        api='PATCH /api/2.0/workspace-conf {"enableEnforceImdsV2": "true"}',
        terraform='databricks_workspace_conf: custom_config = { enableEnforceImdsV2 = "true" }.',
        breaks="Libraries that know the first version of the metadata service alone lose the "
        "credentials of the instance profile.",
    ),
    maps=(
        *also(
            "keeps programs that can be made to fetch a URL from a role's credentials",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-6",
            soc2="CC6.1",
            pci="2.2",
            hipaa="164.312(a)(1)",
            iso="A.5.17 A.8.9",
            ccm="IAM-16 IVS-04",
            attack="T1552.005",
        ),
        *also(
            "asks for the second version of the service on the machines of clusters",
            Relation.SUBSET,
            cis_aws="5.7",
        ),
        *also("asks about the same switch", Relation.EQUAL, sat="GOV-14"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The switch stands at true; never set means false."""
    return _SWITCH.stands_right(workspace, at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples()
