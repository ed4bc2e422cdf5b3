"""A cluster gets the fixes of its runtime and of its operating system when it restarts, and those
that matter most are the ones that nobody restarts. The platform can do it in a window that suits,
before a known hole turns old.
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
    "automatic_cluster_update",
    wanted=True,
    otherwise="long-running clusters are not restarted for updates",
)

CONTROL = Control(
    id="automatic-cluster-update",
    title="The platform restarts clusters for security updates",
    paper=("P33",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Enable automatic cluster update in the workspace, with a maintenance window in which "
        "restarts hurt least.",
        console="Settings, Compute, Automatic cluster update: switch it on and choose the window.",
        api="PATCH /api/2.0/settings/types/automatic_cluster_update/names/default "
        '{"allow_missing": true, "field_mask": "automatic_cluster_update_workspace.enabled", '
        '"setting": {"automatic_cluster_update_workspace": {"enabled": true}}}',
        terraform="databricks_automatic_cluster_update_workspace_setting: enabled = true and a "
        "maintenance_window.",
        breaks="Clusters restart within the window, and what runs on them then is interrupted.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "brings fixes to clusters that would otherwise run on as they started",
            Relation.SUBSET,
            nist="MA-2 SI-2",
            soc2="CC7.1",
            pci="6.3.3",
            iso="A.8.8",
            ccm="IVS-04 TVM-03",
        ),
        *also(
            "closes holes that malicious code on a machine would use", hipaa="164.308(a)(5)(ii)(B)"
        ),
        *also("asks about the same setting", Relation.EQUAL, sat="GOV-36"),
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
