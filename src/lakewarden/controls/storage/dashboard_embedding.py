"""A dashboard that any site may frame shows its data wherever somebody pastes it, and a hostile
page that frames it can trick a signed-in reader into clicks. Embedding for approved sites alone,
or for none, keeps the data on pages that you know.
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
from lakewarden.estate.access import WORKSPACE_SETTINGS
from lakewarden.estate.account import Workspace
from lakewarden.ledger.finding import Severity

_SETTING: Final = TypedSetting(
    kind=WORKSPACE_SETTINGS,
    name="aibi_dash_embed_ws_acc_policy",
    safe=("DENY_ALL_DOMAINS", "ALLOW_APPROVED_DOMAINS"),
    otherwise=("ALLOW_ALL_DOMAINS",),
    danger="any site may embed dashboards",
    unset=True,
)

CONTROL = Control(
    id="dashboard-embedding",
    title="Dashboards can be embedded in approved sites at most",
    paper=("P15",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(_SETTING.need,),
    fix=Fix(
        "Deny embedding, or allow approved domains alone, in the access policy of dashboard "
        "embedding.",
        console=(
            "Workspace settings, Security, Embed dashboards: Deny, or Allow approved domains."
        ),
        api=(
            "PATCH /api/2.0/settings/types/aibi_dash_embed_ws_acc_policy/names/default "
            '{"allow_missing": true, "field_mask": '
            '"aibi_dashboard_embedding_access_policy.access_policy_type", "setting": ...} with '
            "aibi_dashboard_embedding_access_policy.access_policy_type = DENY_ALL_DOMAINS and the"
            " etag that GET answers."
        ),
        terraform=(
            "databricks_aibi_dashboard_embedding_access_policy_setting with access_policy_type."
        ),
        breaks="Dashboards in pages of domains that were not approved stop showing.",
    ),
    maps=(
        *also(
            "keeps dashboards and their data on sites that were approved",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-6",
            soc2="CC6.6 CC6.7",
            hipaa="164.312(a)(1)",
            iso="A.8.9 A.8.12",
            ccm="DSP-07 DSP-17",
        ),
        *also(
            "keeps a hostile page from tricking a signed-in reader into clicks",
            nist="SC-23",
            pci="6.4.1",
            iso="A.8.26",
            attack="T1204",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Not every domain is allowed; never set means approved domains, as documented."""
    return _SETTING.is_safe(at, workspace)


CONTROL.mends(_SETTING.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()
