"""When somebody leaves, the identity provider ends their account, and synchronisation carries that
into Databricks within minutes. A user who was typed in by hand is not on that list: they keep
their access until somebody remembers them, and such forgotten accounts are what intruders look for.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.emergency import emergency_users
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.people import ACCOUNT_GROUPS, ACCOUNT_USERS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="scim-managed-users",
    title="Users come from the identity provider",
    paper=("P23",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(ACCOUNT_USERS.need(), ACCOUNT_GROUPS.need()),
    fix=Fix(
        "Synchronise users from the identity provider by SCIM at account level, then "
        "deactivate the active users without an externalId that it does not take over.",
        console="Account console, Security, User provisioning: set SCIM up; then User management, "
        "Users: deactivate those who were added by hand.",
        api="PATCH /api/2.0/accounts/{account_id}/scim/v2/Users/{id} with the operation "
        '{"op": "replace", "path": "active", "value": false}',
        terraform="databricks_user with active = false for those made by hand; leave the others "
        "to the identity provider.",
        breaks="Whoever is deactivated can no longer sign in, and their tokens and jobs stop; "
        "hand those over first.",
        no_api="A user made by hand may be one whom the identity provider has yet to take over; "
        "deactivating them would shut them out.",
    ),
    limits=("scim_percent",),
    maps=(
        *also(
            "finds users whose access the identity provider cannot end when they leave",
            Relation.SUBSET,
            nist="AC-2 AC-2(3) PS-4",
            cis_databricks="2.1.4",
            soc2="CC6.2 CC6.3",
            pci="8.2.5",
            hipaa="164.308(a)(3)(i)",
            iso="A.5.16 A.6.5",
            ccm="IAM-03 IAM-07",
            dasf="DASF-2",
        ),
        *also(
            "leaves few accounts that were made by hand, and may be forgotten",
            cis_aws="1.20",
            attack="T1078.004 T1136.003",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Enough of the active users have an external id; emergency users do not count."""
    spared = emergency_users(at.estate, at.policy)
    managed, strangers = 0, []
    for user in at.estate.of(ACCOUNT_USERS).each():
        if not user.active.get() or user.name.get().lower() in spared:
            continue
        if user.external_id.get():
            managed += 1
        else:
            strangers.append(user.name.get())
    total, percent = managed + len(strangers), at.policy.limits.scim_percent
    if not total:
        return NotApplicable("there are no active users beside the emergency accounts")
    evidence = Evidence(
        ACCOUNT_USERS.source, "externalId", f"{managed} of {total}", f"at least {percent} %"
    )
    some = ", ".join(sorted(strangers)[:3]) + (", …" if len(strangers) > 3 else "")  # noqa: PLR2004  # a taste
    otherwise = f"{len(strangers)} of {total} active users were made by hand: {some}"
    return observe(100 * managed >= percent * total, evidence, otherwise=otherwise)


def _users(managed: int, by_hand: int) -> list[dict[str, object]]:
    return [
        {
            "id": str(n),
            "userName": f"user{n}@example.com",
            "active": True,
            **({"externalId": f"e{n}"} if n < managed else {}),
        }
        for n in range(managed + by_hand)
    ]


def _estate(
    managed: int, by_hand: int, *more: dict[str, object], groups: Items = ()
) -> MemorySnapshot:
    return given(account_users=[*_users(managed, by_hand), *more], account_groups=groups)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edge, the users that do not count, and what is not known."""
    yield passes("95 of 100", _estate(95, 5))
    yield passes("19 of 20", _estate(19, 1))
    gone: dict[str, object] = {"id": "x", "userName": "gone@example.com", "active": False}
    yield passes("who is deactivated does not count", _estate(1, 0, gone))
    emergency = Policy(break_glass=("user1@example.com",))
    yield passes("who is for emergencies does not count", _estate(1, 1), emergency)
    members = [{"value": "1", "$ref": "Users/1"}]
    group = [{"id": "g", "displayName": "emergency", "members": members}]
    rescue = Policy(break_glass=("emergency",))
    yield passes("nor who is in their group", _estate(1, 1, groups=group), rescue)
    yield unclear("who is in their group is not known", _estate(1, 1, groups=refused()), rescue)
    yield fails("94 of 100", _estate(94, 6))
    yield fails("just under: 189 of 199", _estate(189, 10))
    yield fails(
        "a stricter share of our own", _estate(99, 1), Policy(thresholds={"scim_percent": 100})
    )
    unsure: dict[str, object] = {"id": "x", "userName": "new@example.com"}
    yield unclear("whether a user is active is missing", _estate(19, 0, unsure))
    yield unclear("users may not be read", given(account_users=refused()))
    yield exempt("nobody but the deactivated", _estate(0, 0, gone))
