"""A local password lives outside the identity provider: its lockout, its second factor and its
off-boarding never see it. Whoever guesses or phishes one is in, from anywhere, and somebody who
left the company may still know theirs. Only an emergency account has a reason to keep one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lakewarden.controls.kit.acl_wishes import Entry, acl_wish
from lakewarden.controls.kit.condition import Judgement, observe
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
from lakewarden.controls.kit.everybody import EVERYBODY
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import AUTHORIZATION
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.people import ACCOUNT_USERS, WORKSPACE_GROUPS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.grants import holders

CONTROL = Control(
    id="local-passwords-disabled",
    title="Nobody but the emergency accounts may sign in with a local password",
    paper=("P03",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(AUTHORIZATION.need("passwords"),),
    plans_with=(WORKSPACE_GROUPS.need(), ACCOUNT_USERS.need()),
    fix=Fix(
        "Replace the list with PUT /api/2.0/permissions/authorization/passwords so that "
        "it names the emergency group alone, and name that group as access.break_glass in "
        "lakewarden.toml.",
        console="Workspace, Settings, Security: take the right to use passwords from everybody "
        "but the emergency group.",
        api="PUT /api/2.0/permissions/authorization/passwords "
        '{"access_control_list": [{"group_name": "…", "permission_level": "CAN_USE"}]}',
        terraform='databricks_permissions with authorization = "passwords" and an access_control '
        "for the emergency group alone.",
        breaks="Whoever signs in with a local password must sign in through the identity "
        "provider; programs with passwords in them stop working.",
    ),
    maps=(
        *also(
            "leaves the identity provider as the one way in, emergencies aside",
            Relation.SUBSET,
            nist="IA-2 IA-5",
            soc2="CC6.1",
            pci="8.3 8.4.2",
            hipaa="164.308(a)(5)(ii)(D) 164.312(d)",
            iso="A.5.16 A.5.17 A.8.5",
            ccm="IAM-14 IAM-15",
            dasf="DASF-1",
        ),
        *also(
            "does away with passwords that the identity provider does not govern",
            cis_aws="1.20",
            attack="T1110.003 T1110.004",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Everybody who may use passwords is named for emergencies in the policy file."""
    permissions = at.estate.need(AUTHORIZATION, "passwords", workspace)
    allowed = holders(permissions, "CAN_USE")
    others = [n for n in allowed if n in EVERYBODY or n not in at.policy.break_glass]
    acl = permissions.acl
    evidence = Evidence(acl.source, acl.field, allowed, "CAN_USE for break-glass principals alone")
    otherwise = f"local passwords work for {', '.join(others)}"
    return observe(not others, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """The emergency accounts keep the right, or get it where they had it through everybody."""
    wanted = at.policy.break_glass
    if not wanted:
        raise CannotPlanError(
            "say who keeps access in an emergency: access.break_glass in lakewarden.toml"
        )
    permissions = at.estate.need(AUTHORIZATION, "passwords", workspace)
    held = set(holders(permissions, "CAN_USE"))
    groups = {g.name.get() for g in at.estate.of(WORKSPACE_GROUPS, workspace).each()}
    missing = [n for n in wanted if n not in held] if held & EVERYBODY else []
    users = {u.name.get().lower() for u in at.estate.of(ACCOUNT_USERS).each() if u.active.get()}
    kept = [_entry(name, groups, users) for name in missing]

    def edit(entries: list[Entry]) -> list[Entry]:
        return [
            *(e for e in entries if _may_stay(e, wanted)),
            *(e for e in kept if e not in entries),
        ]

    yield acl_wish("authorization", permissions, at, edit)


def _may_stay(entry: Entry, wanted: Collection[str]) -> bool:
    named = {entry.get(key) for key in ("user_name", "group_name")}
    return bool(named & set(wanted)) and not named & EVERYBODY


def _entry(name: str, groups: Collection[str], users: Collection[str]) -> Entry:
    if name not in groups and name.lower() not in users:
        raise CannotPlanError(
            f"{name} of access.break_glass is neither a group of this workspace nor a user who can "
            "sign in: put that right first"
        )
    key = "group_name" if name in groups else "user_name"
    return {key: name, "permission_level": "CAN_USE"}


def _allowed(*entries: dict[str, str]) -> MemorySnapshot:
    use = [{"permission_level": "CAN_USE", "inherited": False}]
    acl = [{**entry, "all_permissions": use} for entry in entries]
    return given(
        authorization={"passwords": {"access_control_list": acl}},
        workspace_groups=[{"id": "1", "displayName": "break-glass"}],
        account_users=[],
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    emergency = Policy(break_glass=("break-glass",))
    named = {"group_name": "break-glass"}
    yield passes("nobody at all", _allowed())
    yield passes("the emergency group alone", _allowed(named), emergency)
    yield fails("a group that the policy file does not name", _allowed(named))
    everybody = _allowed(named, {"group_name": "users"})
    yield fails("everybody beside the emergency group", everybody, emergency)
    meant = Policy(break_glass=("users",))
    yield fails("everybody, and even meant so", _allowed({"group_name": "users"}), meant)
    yield fails("everybody in the place of the group", _allowed({"group_name": "users"}), emergency)
    yield fails("the administrators", _allowed({"group_name": "admins"}), emergency)
    yield unclear("an entry names nobody", _allowed({}), emergency)
    lost = given(authorization={"passwords": {"object_type": "passwords"}})
    yield unclear("the list is missing from the answer", lost)
    yield unclear("the list may not be read", given(authorization=refused()))
    gone = refused(Cause.DISABLED, "passwords reached the end of their life")
    yield exempt("local passwords do not exist here", given(authorization=gone))
