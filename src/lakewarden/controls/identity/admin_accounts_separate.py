"""Mail, chat and the web reach people in the account that they work in all day. If that account
administers the platform, one click on one bad link administers it too. An account that is used
for nothing but administration never reads mail, and a name that shows it makes misuse stand out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.admins import ACCOUNT_ADMIN, every_admin, named_groups, people
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
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.given import WORKSPACE_ID, Items, given, refused
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    PERMISSION_ASSIGNMENTS,
    WORKSPACE_GROUPS,
)
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="admin-accounts-separate",
    title="Admins have accounts of their own for administration",
    paper=("P05",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(
        ACCOUNT_USERS.need(),
        ACCOUNT_GROUPS.need(),
        ACCOUNT_SERVICE_PRINCIPALS.need(),
        WORKSPACE_GROUPS.need(),
        PERMISSION_ASSIGNMENTS.need(),
    ),
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
)

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


def _mixed(daily: list[str], evidence: Evidence) -> Condition:
    some = ", ".join([*daily[:_TASTE], *(["…"] if len(daily) > _TASTE else [])])
    return violated(f"these admin accounts are not separate ones: {some}", evidence)


def _unsaid(policy: Policy) -> Gap:
    detail = "say how admin accounts are named or grouped: access.admin_patterns or admin_groups"
    return Gap(Cause.UNSET, policy.source or "lakewarden.toml", detail, "")


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(re.search(pattern, name, re.IGNORECASE) for pattern in patterns)


def _user(identity: str, name: str, *, admin: bool = False) -> dict[str, Any]:
    roles = [{"value": ACCOUNT_ADMIN}] if admin else []
    return {"id": identity, "userName": f"{name}@example.com", "roles": roles}


def _group(identity: str, *members: str) -> dict[str, Any]:
    shown = [{"value": member, "$ref": f"Users/{member}"} for member in members]
    return {"id": identity, "displayName": identity, "members": shown}


_ADA: Final = _user("1", "adm-ada", admin=True)
_BOB: Final = _user("2", "bob")
_ROBOT: Final[Mapping[str, Any]] = {"id": "9", "roles": [{"value": ACCOUNT_ADMIN}]}


def _estate(*users: Mapping[str, Any], groups: Items = (), **more: Any) -> MemorySnapshot:
    entry = {"workspace_id": WORKSPACE_ID, "permission_assignments": more.pop("assigned", ())}
    kinds: dict[str, Any] = {
        "account_users": users,
        "account_groups": groups,
        "account_service_principals": [_ROBOT],
        "workspace_groups": [_group("admins", *more.pop("inside", ("1",)))],
        "permission_assignments": [entry],
    }
    return given(**{**kinds, **more})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the two ways to say which accounts are separate, and what is not known."""
    named, grouped = Policy(admin_patterns=("^adm-",)), Policy(admin_groups=("separate",))
    yield passes("named as an admin, beside a machine", _estate(_ADA, _BOB), named)
    shouted = _user("1", "ADM-ADA", admin=True)
    yield passes("named so in capitals", _estate(shouted), named)
    apart = [_group("separate", "1")]
    yield passes("in the group of admin accounts", _estate(_ADA, _BOB, groups=apart), grouped)
    yield fails("an account admin with a daily name", _estate(_user("2", "bob", admin=True)), named)
    yield fails("a name that only contains it", _estate(_user("2", "bob.adm-", admin=True)), named)
    yield fails("a workspace admin", _estate(_ADA, _BOB, inside=("1", "2")), named)
    assigned = [{"principal": {"principal_id": 2}, "permissions": ["ADMIN"]}]
    yield fails("an admin by assignment", _estate(_ADA, _BOB, assigned=assigned), named)
    role = [{**_group("crew", "2"), "roles": [{"value": ACCOUNT_ADMIN}]}]
    yield fails("an admin by way of a group", _estate(_ADA, _BOB, groups=role), named)
    yield fails("not in the group", _estate(_ADA, groups=[_group("separate", "2")]), grouped)
    wrong = _estate(_user("2", "bob", admin=True), groups=refused())
    yield fails("certain, whatever was not read", wrong, named)
    yield unclear("nobody said how they are named", _estate(_ADA))
    yield unclear("the group may not be read", _estate(_ADA, groups=refused()), grouped)
    yield unclear("there is no such group", _estate(_BOB, inside=("9",)), grouped)
    yield unclear("users may not be read", _estate(_ADA, account_users=refused()), named)
    hidden = _estate(_ADA, account_service_principals=refused())
    yield unclear("service principals may not be read", hidden, named)
    yield unclear("admins may not be read", _estate(_ADA, workspace_groups=refused()), named)
    yield unclear("nor assignments", _estate(_ADA, permission_assignments=refused()), named)
