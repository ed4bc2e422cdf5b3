"""An account admin can switch off every other protection, so each one is a prize: the more there
are, the likelier it is that one gets phished or leaves on bad terms. A single one is no better,
because losing that person locks the company out. Groups and service principals that carry the
role make admins too, and are easily overlooked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe, violated
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
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.kind import Kind
from lakewarden.estate.people import (
    ACCOUNT_GROUPS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_USERS,
    AccountGroup,
)
from lakewarden.estate.record import Record
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="account-admin-count",
    title="The account has at least two admins and no more than it needs",
    paper=("P05",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(ACCOUNT_USERS.need(), ACCOUNT_GROUPS.need(), ACCOUNT_SERVICE_PRINCIPALS.need()),
    fix=Fix(
        "Take the account_admin role from people and groups that do not need it daily, "
        "and keep at least two separate admin accounts that are used for nothing else.",
    ),
)

_ROLE: Final = "account_admin"
_LEAST: Final = 2
_KINDS: Final[tuple[Kind[Any], ...]] = (
    ACCOUNT_USERS,
    ACCOUNT_SERVICE_PRINCIPALS,
    ACCOUNT_GROUPS,
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Users, service principals and members of groups with the role, each counted once."""
    most = at.policy.limits.account_admins
    found, gap = _admins(at.estate)
    evidence = Evidence(ACCOUNT_USERS.source, "roles", len(found), f"between {_LEAST} and {most}")
    if len(found) > most:
        return violated(f"{len(found)} principals are account admins; {most} are allowed", evidence)
    if gap is not None:
        raise UnreadError(gap)
    if not found:
        detail = "no account admin was listed, though every account has one"
        raise UnreadError(ACCOUNT_USERS.gap(Cause.MISSING_FIELD, detail))
    return observe(len(found) >= _LEAST, evidence, otherwise="there is only one account admin")


def _admins(estate: Estate) -> tuple[set[str], Gap | None]:
    """Return the ids of the admins that were seen, and why some may not have been."""
    found: set[str] = set()
    gap = None
    for kind in _KINDS:
        try:
            for principal in estate.of(kind).each():
                if any(role.value == _ROLE for role in principal.roles.get()):
                    _add(principal, estate, found)
        except UnreadError as error:
            gap = error.gap
    return found, gap


def _add(principal: Record, estate: Estate, found: set[str]) -> None:
    """Add a principal, or the members of a group and of the groups in it."""
    waiting, groups = [principal], set[str]()
    while waiting:
        entry = waiting.pop()
        if not isinstance(entry, AccountGroup):
            found.add(entry.identity())
        elif entry.id not in groups:
            groups.add(entry.id)
            for member in _members(entry):
                inner = estate.find(ACCOUNT_GROUPS, member)
                waiting += [inner] if inner else []
                found.update([] if inner else [member])


def _members(group: AccountGroup) -> list[str]:
    members = [member.value for member in group.members.get()]
    if not members:
        detail = f"group {group.id} has the role {_ROLE} and lists no members; take it off if empty"
        raise UnreadError(ACCOUNT_GROUPS.gap(Cause.MISSING_FIELD, detail))
    return members


def _estate(users: int, machines: int = 0, groups: Items = ()) -> MemorySnapshot:
    role = [{"value": _ROLE}]
    return given(
        account_users=[*({"id": f"u{n}", "roles": role} for n in range(users)), {"id": "plain"}],
        account_service_principals=[{"id": f"s{n}", "roles": role} for n in range(machines)],
        account_groups=groups,
    )


def _group(name: str, *members: str, admin: bool = True) -> dict[str, object]:
    roles = [{"value": _ROLE}] if admin else []
    return {"id": name, "roles": roles, "members": [{"value": m} for m in members]}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edges, the roundabout ways to be an admin, and what is not known."""
    yield passes("two users", _estate(2))
    yield passes("exactly the limit, one a service principal", _estate(3, 1))
    nested = [_group("g", "u0", "h"), _group("h", "u1", "g", admin=False)]
    yield passes("groups in each other, nobody twice", _estate(2, groups=nested))
    yield fails("one alone", _estate(1))
    yield fails("one more than the limit", _estate(4, 1))
    yield fails("a stricter limit of our own", _estate(3), Policy(thresholds={"account_admins": 2}))
    crowd = [_group("g", "a", "b", "h"), _group("h", "c", admin=False)]
    yield fails("too many by way of a group", _estate(2, groups=crowd))
    yield fails("too many already without the rest", _estate(5, groups=refused()))
    yield unclear("groups may not be read", _estate(2, groups=refused()))
    yield unclear("a group hides its members", _estate(2, groups=[_group("g")]))
    yield unclear("no role was listed at all", _estate(0))
