"""Monitoring that must be switched on workspace by workspace is missing in the one that somebody
made last week. Enforced in the account, enhanced security monitoring watches the machines of every
new workspace from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, Tier
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.controls.kit.switches import TypedSwitch
from lakewarden.estate.access import ACCOUNT_SETTINGS
from lakewarden.ledger.finding import Severity

_SWITCH: Final = TypedSwitch(
    ACCOUNT_SETTINGS,
    "shield_esm_enablement_ac",
    wanted=True,
    otherwise="new workspaces begin without enhanced security monitoring",
)

CONTROL = Control(
    id="account-enhanced-monitoring",
    title="New workspaces begin with enhanced security monitoring",
    paper=("P29",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Enforce enhanced security monitoring for new workspaces in the account.",
        console="Account console, Security and compliance: enforce monitoring for new workspaces.",
        api="PATCH /api/2.0/accounts/{account_id}/settings/types/shield_esm_enablement_ac/names/"
        "default "
        '{"allow_missing": true, "field_mask": "esm_enablement_account.is_enforced", "setting": '
        '{"esm_enablement_account": {"is_enforced": true}}}',
        terraform="No resource changes it; the account setting has none yet.",
        breaks="Clusters of new workspaces start from another image, and the price per DBU rises.",
        no_terraform="No resource of the provider enforces the monitoring for the account.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "has the machines of each new workspace watched from its first day",
            Relation.SUBSET,
            nist="SI-3 SI-4 SI-4(2)",
            soc2="CC6.8 CC7.2",
            pci="5.3 11.5.1",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.7 A.8.16",
            ccm="LOG-03 TVM-02",
        ),
        *also(
            "takes from intruders the weeks in which nobody watches new machines",
            attack="T1059 T1496",
        ),
        *also(
            "asks for the monitoring alone, a part of the profile that is asked for there",
            sat="INFO-37",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """The setting is on; never set means off."""
    return _SWITCH.stands_right(at)


CONTROL.mends(_SWITCH.set_right)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from _SWITCH.examples(wrong=False)
