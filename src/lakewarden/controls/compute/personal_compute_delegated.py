"""Under the policy Personal Compute every user of every workspace may make a machine of their own,
as long as the account leaves it switched on for all. Those machines appear on nobody's list, each
with whatever its owner installed and forgot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.controls.kit.switches import TypedSwitch
from lakewarden.estate.access import ACCOUNT_SETTINGS
from lakewarden.ledger.finding import Severity

_SWITCH: Final = TypedSwitch(
    ACCOUNT_SETTINGS,
    "dcp_acct_enable",
    "DELEGATE",
    "every user of every workspace may make a Personal Compute cluster",
)

CONTROL = Control(
    id="personal-compute-delegated",
    title="Each workspace decides who may use Personal Compute",
    paper=("P33", "P34"),
    severity=Severity.LOW,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Set Personal Compute to Delegate in the account, and grant its policy in each workspace "
        "to the groups that need it.",
        console="Account console, Settings, Feature enablement, Personal Compute: choose Delegate.",
        api="PATCH /api/2.0/accounts/{account_id}/settings/types/dcp_acct_enable/names/default "
        '{"allow_missing": true, "field_mask": "personal_compute.value", "setting": '
        '{"personal_compute": {"value": "DELEGATE"}}}',
        terraform="databricks_account_setting_v2 with the personal compute value DELEGATE, by the "
        "name that the settings metadata of the account gives.",
        breaks="In workspaces made afterwards nobody but admins may use Personal Compute until it "
        "is granted.",
    ),
    maps=(
        *also(
            "ends the default by which everybody may make a machine of their own",
            Relation.SUBSET,
            nist="AC-6 CM-6 CM-7",
            soc2="CC6.3",
            pci="2.2 7.2.1",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.15 A.8.9",
            ccm="IAM-05",
        ),
        *also(
            "lets workspaces keep machines from those whose login may be stolen",
            attack="T1496 T1578.002",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The account delegates; never set means on for everybody."""
    return _SWITCH.stands_right(at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples("ON")
