"""Connected to Slack or Teams, the workspace answers questions and posts previews of data into
channels. Who reads a channel is decided there, not by Unity Catalog, and what was posted stays
when the grant is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import BOTH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.setting import TypedSetting
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import WORKSPACE_SETTINGS_V2
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SETTING: Final = TypedSetting(
    kind=WORKSPACE_SETTINGS_V2,
    name="collaboration_platform_connectivity",
    safe=("DENY_ALL",),
    otherwise=("ALLOW_ALL", "ALLOW_SLACK", "ALLOW_TEAMS"),
    danger="data can be posted to chat platforms",
    unset=None,
    place=("collaboration_platform_connectivity", "connectivity"),
)

CONTROL = Control(
    id="collaboration-platforms",
    title="The workspace is not connected to chat platforms",
    paper=("P15",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(_SETTING.need,),
    fix=Fix(
        "Set collaboration_platform_connectivity to DENY_ALL, explicitly, since nothing documents"
        " its default.",
        console="Workspace settings, Advanced, Collaboration platforms: deny all.",
        api=(
            "PATCH /api/2.1/settings/collaboration_platform_connectivity "
            '{"collaboration_platform_connectivity": {"connectivity": "DENY_ALL"}}.'
        ),
        terraform=(
            'databricks_workspace_setting_v2 with name = "collaboration_platform_connectivity".'
        ),
        breaks=("Links and bots of Slack or Teams no longer show anything of the workspace."),
    ),
    maps=(
        *also(
            "keeps previews of data out of channels whose readers are chosen elsewhere",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 C1.1",
            hipaa="164.312(a)(1)",
            iso="A.5.14 A.8.12",
            ccm="DSP-10 DSP-17",
        ),
        *also(
            "shuts a way by which data leaves and then lies in chats for others to collect",
            attack="T1048 T1213",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """All platforms are denied."""
    return _SETTING.is_safe(at, workspace)


CONTROL.mends(_SETTING.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()
