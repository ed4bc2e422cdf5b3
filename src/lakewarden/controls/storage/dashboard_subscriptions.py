"""A subscribed dashboard is mailed with its data to whoever was put on the list, on a schedule,
long after that person's grants were taken away. Mailboxes are searched, forwarded and stolen
without any trace at Databricks.
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
    name="dashboard_email_subscriptions",
    safe=(False,),
    otherwise=(True,),
    danger="dashboards with their data can be sent by e-mail on a schedule",
)

CONTROL = Control(
    id="dashboard-subscriptions",
    title="Dashboards are not sent by e-mail",
    paper=("P15",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(_SETTING.need,),
    fix=Fix(
        "Set dashboard_email_subscriptions to false; people who need a dashboard open it in the "
        "workspace.",
        console=("Workspace settings, Notifications, Enable dashboard email subscriptions: off."),
        api=(
            "PATCH /api/2.0/settings/types/dashboard_email_subscriptions/names/default "
            '{"allow_missing": true, "field_mask": "boolean_val.value", "setting": ...} with '
            "boolean_val.value = false and the etag that GET answers."
        ),
        terraform=(
            "No resource changes it; call the settings API from a terraform_data provisioner."
        ),
        breaks=(
            "Existing subscriptions stop sending, and their readers must open the dashboard "
            "instead."
        ),
        no_terraform="No resource of the provider has this setting.",
    ),
    maps=(
        *also(
            "keeps data out of mailboxes, where no grant and no log follows it",
            Relation.SUBSET,
            nist="AC-4 AC-20 CM-7",
            soc2="CC6.7 C1.1",
            hipaa="164.312(e)(1)",
            iso="A.5.14 A.8.12",
            ccm="DSP-10 DSP-17",
        ),
        *also(
            "ends deliveries that would go on when a reader's grant is gone",
            soc2="CC6.3",
            iso="A.5.18",
            ccm="IAM-07",
            attack="T1048",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """The setting is off; never set means on."""
    return _SETTING.is_safe(at, workspace)


CONTROL.mends(_SETTING.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    return _SETTING.examples()
