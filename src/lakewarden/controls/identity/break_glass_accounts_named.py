"""When the identity provider fails, somebody must still get in to put things right, and an
attacker would like to be that somebody. An account for emergencies that was deactivated saves
nobody; one that nobody wrote down is a back door; and a crowd of them is no emergency account.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.admins import named_groups
from lakewarden.controls.kit.condition import Judgement, observe, unknown, violated
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.people import ACCOUNT_GROUPS, ACCOUNT_USERS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="break-glass-accounts-named",
    title="A few named accounts keep access in an emergency",
    paper=("P03",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(ACCOUNT_USERS.need(), ACCOUNT_GROUPS.need()),
    fix=Fix(
        "Choose one to four people, give each an account for emergencies with a hardware key, "
        "and name the accounts, or their group, as access.break_glass in lakewarden.toml.",
        console="Account console, Security, Authentication, Emergency access: choose the people "
        "and register their keys; then name them as access.break_glass in lakewarden.toml, and "
        "take off it who left.",
        api="PATCH /api/2.0/accounts/{account_id}/scim/v2/Users/{id} with the operation "
        '{"op": "replace", "path": "active", "value": true} for an account that was '
        "deactivated; no API chooses the people.",
        terraform="databricks_user with active = true, and databricks_group_member for the group "
        "that the policy file names.",
        breaks="Nothing stops working; people who are taken off the list can no longer sign in "
        "while the identity provider is down.",
        no_api="Whether an account was switched off by mistake, or because its owner left, only "
        "a person knows.",
    ),
    limits=("break_glass_accounts",),
    maps=(
        *also(
            "asks for a few accounts that let people in when the usual way fails",
            Relation.SUBSET,
            nist="AC-2 CP-2",
            soc2="CC6.3 CC7.5",
            pci="7.2.1",
            hipaa="164.308(a)(7)(ii)(C) 164.312(a)(2)(ii)",
            iso="A.5.18 A.5.29 A.8.2",
            ccm="BCR-09 IAM-03 IAM-10",
        ),
        *also(
            "tells accounts for emergencies from back doors that somebody left",
            attack="T1078.004 T1136.003",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """All that is named exists, and one or more people, all active and not too many, are meant."""
    wanted, most = at.policy.break_glass, at.policy.limits.break_glass_accounts
    if not wanted:
        detail = "say who keeps access in an emergency: access.break_glass"
        return unknown(Gap(Cause.UNSET, at.policy.source or "lakewarden.toml", detail, ""))
    members, groups = named_groups(at.estate, wanted)
    names = {name.lower(): name for name in wanted if name not in groups}
    users, gap = at.estate.of(ACCOUNT_USERS), members.gap
    active, gone, seen = 0, list[str](), set[str]()
    for user in users.seen():
        gap = gap or user.name.gap
        if user.name.gap is not None or not (
            user.id in members.through or user.name.get().lower() in names
        ):
            continue
        seen.add(user.name.get().lower())
        if user.active.get():
            active += 1
        else:
            gone.append(user.name.get())
    evidence = Evidence(ACCOUNT_USERS.source, "active", active, f"between 1 and {most}")
    if gone:
        return violated(f"deactivated: {', '.join(sorted(gone))}", evidence)
    if active > most:
        return violated(f"{active} people keep access in an emergency; {most} may", evidence)
    gap = gap or users.gap
    if gap is not None:
        return unknown(gap, field="active", expected=f"between 1 and {most}")
    strangers = sorted(name for lower, name in names.items() if lower not in seen)
    otherwise = f"neither a user nor a group: {', '.join(strangers)}" if strangers else "nobody"
    return observe(not strangers and active > 0, evidence, otherwise=otherwise)


def _user(number: int, *, active: bool = True) -> dict[str, Any]:
    return {"id": str(number), "userName": f"user{number}@example.com", "active": active}


def _estate(count: int, *more: dict[str, Any], groups: Items = ()) -> MemorySnapshot:
    return given(account_users=[*map(_user, range(count)), *more], account_groups=groups)


def _group(*members: int) -> dict[str, Any]:
    shown = [{"value": str(number), "$ref": f"Users/{number}"} for number in members]
    return {"id": "g", "displayName": "emergency", "members": shown}


def _named(*numbers: int) -> Policy:
    return Policy(break_glass=tuple(f"user{number}@example.com" for number in numbers))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, groups, names of nobody, and what is not known."""
    yield passes("one of two users", _estate(2), _named(0))
    yield passes("exactly the limit", _estate(4), _named(*range(4)))
    shouted = Policy(break_glass=("User0@Example.com",))
    yield passes("case does not matter", _estate(1), shouted)
    group = Policy(break_glass=("emergency",))
    yield passes("a group with two", _estate(2, groups=[_group(0, 1)]), group)
    yield fails("one more than the limit", _estate(5), _named(*range(5)))
    yield fails("a crowd in a group", _estate(5, groups=[_group(*range(5))]), group)
    yield fails("one is deactivated", _estate(1, _user(1, active=False)), _named(0, 1))
    yield fails("the only one is deactivated", _estate(0, _user(0, active=False)), _named(0))
    yield fails("nobody is called so", _estate(1), _named(0, 7))
    robot = {**_group(), "members": [{"value": "9", "$ref": "ServicePrincipals/9"}]}
    yield fails("a group of machines", _estate(1, groups=[robot]), group)
    yield unclear("a group that lists nobody", _estate(1, groups=[_group()]), group)
    yield unclear("nobody is named", _estate(1))
    yield unclear("users may not be read", given(account_users=refused()), _named(0))
    yield unclear("groups may not be read", _estate(1, groups=refused()), group)
