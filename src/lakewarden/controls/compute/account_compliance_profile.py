"""A new workspace is open for as long as nobody remembers to harden it. Enforced in the account,
the compliance security profile is there from the first minute of each, whoever creates it and
however much of a hurry they are in.
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
    "shield_csp_enablement_ac",
    wanted=True,
    otherwise="new workspaces begin without the compliance security profile",
)

CONTROL = Control(
    id="account-compliance-profile",
    title="New workspaces begin with the compliance security profile",
    paper=("P25",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(_SWITCH.need,),
    fix=Fix(
        "Enforce the compliance security profile for new workspaces in the account, if all of them "
        "are to process regulated data.",
        console="Account console, Security and compliance: enforce the profile for new workspaces.",
        api="PATCH /api/2.0/accounts/{account_id}/settings/types/shield_csp_enablement_ac/names/"
        "default "
        '{"allow_missing": true, "field_mask": "csp_enablement_account.is_enforced", "setting": '
        '{"csp_enablement_account": {"is_enforced": true}}}',
        terraform="No resource changes it; the account setting has none yet.",
        breaks="Every workspace that is made from then on has the profile for ever, with its price "
        "and its limits.",
        no_terraform="No resource of the provider enforces the profile for the account.",
    ),
    tier=Tier.ENTERPRISE,
    maps=(
        *also(
            "gives each new workspace hardened images and machines and steady fixes",
            Relation.SUBSET,
            nist="CM-2 CM-6 SI-2",
            soc2="CC6.8 CC7.1",
            pci="2.2 6.3.3",
            iso="A.8.8 A.8.9",
            ccm="IVS-04 TVM-03",
        ),
        *also(
            "lets nobody forget or undo the protections of a new workspace",
            hipaa="164.308(a)(5)(ii)(B)",
            attack="T1562",
        ),
        *also("asks about the same setting of the account", Relation.EQUAL, sat="INFO-37"),
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
