"""Enhanced security monitoring puts an agent on each machine of the clusters that watches files
and processes and looks for malware, and writes what it sees to the audit log. Without it an
intruder who gets from a notebook to the machine beneath leaves no trace there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, Tier, exempt
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.switches import TypedSwitch
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given
from lakewarden.ledger.finding import Severity

_SWITCH: Final = TypedSwitch(
    WORKSPACE_SETTINGS,
    "shield_esm_enablement_ws_db",
    wanted=True,
    otherwise="nothing watches the machines of the clusters",
)

CONTROL = Control(
    id="enhanced-monitoring",
    title="The machines of clusters are watched for malware and intruders",
    paper=("P29", "P32"),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Enable enhanced security monitoring in the workspace, and send its alerts from the audit "
        "log to the people who watch.",
        console="Account console, Workspaces, the workspace, Security and compliance: enable "
        "monitoring.",
        api="PATCH /api/2.0/settings/types/shield_esm_enablement_ws_db/names/default "
        '{"allow_missing": true, "field_mask": '
        '"enhanced_security_monitoring_workspace.is_enabled", "setting": '
        '{"enhanced_security_monitoring_workspace": {"is_enabled": true}}}',
        terraform="databricks_enhanced_security_monitoring_workspace_setting: is_enabled = true.",
        breaks="Clusters start from another image after their next restart, and the price per DBU "
        "rises.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "watches the machines under clusters for malware and for intruders",
            Relation.SUBSET,
            nist="SI-3 SI-4",
            soc2="CC6.8 CC7.2",
            pci="5.3 11.5.1",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.7 A.8.16",
            ccm="LOG-03 TVM-02",
        ),
        *also(
            "writes to the audit log what happens on machines below the notebooks",
            hipaa="164.312(b)",
            dasf="DASF-14",
            attack="T1059 T1496",
        ),
        *also("asks about the same setting", Relation.EQUAL, sat="INFO-40"),
    ),
)


@CONTROL.check
def check(_: Workspace, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return _SWITCH.stands_right(at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples(wrong=False)
    premium = {"pricing_tier": "PREMIUM"}
    off = given(workspace=premium, workspace_settings={_SWITCH.key: False})
    yield exempt("not in this tier", off)
