"""Mail, chat and the web reach people in the account that they work in all day. If that account
administers the platform, one click on one bad link administers it too. An account that is used
for nothing but administration never reads mail, and a name that shows it makes misuse stand out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from lakewarden.controls.kit.admin_examples import administered, group, user
from lakewarden.controls.kit.admins import (
    EVERY_ADMIN,
    Holders,
    account_admins,
    every_admin,
    named_groups,
    people,
    workspace_admins,
)
from lakewarden.controls.kit.condition import Condition, Judgement, holds, unknown, violated
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.demotion import Keepers, demote, demote_in, insist, keepers
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.given import refused
from lakewarden.estate.people import ACCOUNT_GROUPS, ACCOUNT_USERS
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="admin-accounts-separate",
    title="Admins have accounts of their own for administration",
    paper=("P05",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=ACCOUNT,
    needs=EVERY_ADMIN,
    fix=Fix(
        "Give each admin a second account for administration alone, say in lakewarden.toml how "
        "such accounts are named (access.admin_patterns) or grouped (access.admin_groups), and "
        "take the admin roles from the accounts of daily work.",
        console="Account console, User management: add the admin account, switch on its role, "
        "then switch the role of the daily account off.",
        api="PATCH /api/2.0/accounts/{account_id}/scim/v2/Users/{id} with the operation "
        '{"op": "remove", "path": "roles[value eq \\"account_admin\\"]"}, after the same with '
        "add for the admin account.",
        terraform="databricks_user for the admin account and databricks_user_role with role = "
        '"account_admin"; databricks_mws_permission_assignment for workspaces.',
        breaks="People must sign in with another account to administer; bookmarks, saved "
        "sessions and scripts that rely on their daily account's rights stop working.",
    ),
    maps=(
        *also(
            "keeps administration out of the accounts that people work in all day",
            Relation.SUBSET,
            nist="AC-5 AC-6(2) AC-6(5)",
            soc2="CC6.1 CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.3 A.8.2",
            ccm="IAM-09 IAM-10",
        ),
        *also(
            "leaves the account that reads mail and opens links without admin rights",
            cis_aws="1.6",
            attack="T1078.004 T1204",
        ),
    ),
)

_LEAST: Final = 2
"""How many admins of the account must be left."""
_TASTE: Final = 5
"""How many of the accounts that are not separate are named."""


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Every user that administers anything is named or grouped as an admin account."""
    wish = at.policy
    if not wish.admin_patterns and not wish.admin_groups:
        return unknown(_unsaid(wish))
    admins, gap = people(at.estate, every_admin(at.estate))
    others = {i: name for i, name in admins.items() if not _matches(name, wish.admin_patterns)}
    separate, groups = named_groups(at.estate, wish.admin_groups)
    daily = sorted(name for i, name in others.items() if i not in separate.through)
    evidence = Evidence(
        ACCOUNT_USERS.source, "admins", f"{len(admins) - len(daily)} of {len(admins)}", "all"
    )
    if daily and (not wish.admin_groups or separate.gap is None):
        return _mixed(daily, evidence)
    missing = set(wish.admin_groups) - groups
    gap = gap or (separate.gap if daily else None)
    if gap is None and missing:
        gap = ACCOUNT_GROUPS.gap(Cause.NOT_FOUND, f"no account group {', '.join(sorted(missing))}")
    return holds(evidence) if gap is None else unknown(gap, field="admins", expected="all")


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish | Step]:
    """People who administer in the account of their daily work give that up there."""
    kept = keepers(at)
    users = {user.id for user in at.estate.of(ACCOUNT_USERS).each()}
    admins = account_admins(at.estate)
    if daily := _daily(admins, users, kept):
        insist(admins, kept, _LEAST)
        yield from demote(at, daily, kept)
    for workspace in at.estate.workspaces():
        admins = workspace_admins(at.estate, workspace)
        if daily := _daily(admins, users, kept):
            insist(admins, kept, 1)
            yield from demote_in(workspace, at, daily, kept)


def _daily(admins: Holders, users: Collection[str], kept: Keepers) -> set[str]:
    """Return the people among some admins whose accounts are not for administration."""
    return set(admins.through).intersection(users) - kept.ids


def _mixed(daily: list[str], evidence: Evidence) -> Condition:
    some = ", ".join([*daily[:_TASTE], *(["…"] if len(daily) > _TASTE else [])])
    return violated(f"these admin accounts are not separate ones: {some}", evidence)


def _unsaid(policy: Policy) -> Gap:
    detail = "say how admin accounts are named or grouped: access.admin_patterns or admin_groups"
    return Gap(Cause.UNSET, policy.source or "lakewarden.toml", detail, "")


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(re.search(pattern, name, re.IGNORECASE) for pattern in patterns)


_ADA: Final = user("1", "adm-ada", admin=True)
_BOB: Final = user("2", "bob")
_DAILY: Final = user("2", "bob", admin=True)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the two ways to say which accounts are separate, and what is not known."""
    named, grouped = Policy(admin_patterns=("^adm-",)), Policy(admin_groups=("separate",))
    both = [_ADA, _BOB]
    yield passes("named as an admin, beside a machine", administered(both, inside="1"), named)
    shouted = [user("1", "ADM-ADA", admin=True)]
    yield passes("named so in capitals", administered(shouted, inside="1"), named)
    apart = [group("separate", "1")]
    known = administered(both, groups=apart, inside="1")
    yield passes("in the group of admin accounts", known, grouped)
    yield fails("an account admin with a daily name", administered([_DAILY], inside="2"), named)
    within = [user("2", "bob.adm-", admin=True)]
    yield fails("a name that only contains it", administered(within, inside="2"), named)
    yield fails("a workspace admin", administered(both, inside="1 2"), named)
    assigned = [{"principal": {"principal_id": 2}, "permissions": ["ADMIN"]}]
    hired = administered(both, inside="1", assigned=assigned)
    yield fails("an admin by assignment", hired, named)
    crew = [group("crew", "2", admin=True)]
    yield fails("an admin by way of a group", administered(both, groups=crew, inside="1"), named)
    meant = [_ADA, user("3", "adm-cleo", admin=True)]
    alone: dict[str, Any] = {"account_service_principals": []}
    yield fails("beside two that are", administered([*meant, _DAILY], inside="1", **alone), named)
    beside = administered([*meant, _BOB], inside="1 2", assigned=assigned, **alone)
    yield fails("by assignment, beside one that is", beside, named)
    wrong = [group("separate", "2")]
    yield fails("not in the group", administered([_ADA], groups=wrong, inside="1"), grouped)
    certain = administered([_DAILY], groups=refused(), inside="2")
    yield fails("certain, whatever was not read", certain, named)
    yield from _unclear(named, grouped)


def _unclear(named: Policy, grouped: Policy) -> Iterable[Example]:
    yield unclear("nobody said how they are named", administered([_ADA], inside="1"))
    silent: dict[str, Any] = {"account_service_principals": []}
    blank = administered([_BOB], inside="9", **silent)
    yield unclear("no account admin was listed", blank, named)
    closed = administered([_ADA], groups=refused(), inside="1")
    yield unclear("the group may not be read", closed, grouped)
    yield unclear("there is no such group", administered([_BOB], inside="9"), grouped)
    for need in EVERY_ADMIN:
        hidden: dict[str, Any] = {need.kind: refused()}
        hole = administered([_ADA], inside="1", **hidden)
        yield unclear(f"{need} may not be read", hole, named)
