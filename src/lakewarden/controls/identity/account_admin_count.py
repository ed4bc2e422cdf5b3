"""An account admin can switch off every other protection, so each one is a prize: the more there
are, the likelier it is that one gets phished or leaves on bad terms. A single one is no better,
because losing that person locks the company out. Groups and service principals that carry the
role make admins too, and are easily overlooked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.admin_examples import group, user
from lakewarden.controls.kit.admins import ACCOUNT_ADMIN, account_admins
from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.demotion import demote, keepers, surplus
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.people import ACCOUNT_GROUPS, ACCOUNT_SERVICE_PRINCIPALS, ACCOUNT_USERS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Step, Wish
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
        "Take the account_admin role from people and groups that do not need it daily, and that "
        "neither access.admin_patterns nor access.admin_groups names, and keep at least two "
        "separate admin accounts that are used for nothing else.",
        console="Account console, User management: open each user, service principal and group, "
        "then the tab Roles, and switch Account admin off.",
        api="PATCH /api/2.0/accounts/{account_id}/scim/v2/Users/{id} with the operation "
        '{"op": "remove", "path": "roles[value eq \\"account_admin\\"]"}; Groups and '
        "ServicePrincipals likewise.",
        terraform="databricks_user_role, databricks_group_role, databricks_service_principal_role: "
        'remove those with role = "account_admin" that are not needed.',
        breaks="Whoever loses the role can no longer open the account console or run automation "
        "that needs it; check service principals that create workspaces first.",
    ),
    limits=("account_admins",),
    maps=(
        *also(
            "keeps those with the account's highest role few, people and machines alike",
            Relation.SUBSET,
            nist="AC-2 AC-6 AC-6(1) AC-6(5)",
            soc2="CC6.1 CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(3)(i) 164.308(a)(4)(i)",
            iso="A.5.18 A.8.2",
            ccm="IAM-05 IAM-10",
        ),
        *also(
            "leaves fewer accounts whose theft gives away every right in the account",
            attack="T1078.004 T1098.003",
        ),
    ),
)

_LEAST: Final = 2


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Users, service principals and members of groups with the role, each counted once."""
    most = at.policy.limits.account_admins
    admins = account_admins(at.estate)
    return admins.counted(ACCOUNT_USERS.source, "account admins", _LEAST, most)


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish | Step]:
    """Accounts that are not for administration give the role up; a second admin people choose."""
    admins = account_admins(at.estate)
    if len(admins.through) < _LEAST:
        yield Step(
            "Give the role Account admin to a second account that is for administration alone: "
            "Account console, User management: open the user, then the tab Roles",
            f"`lakewarden assess --control {CONTROL.id}` passes",
        )
        return
    kept = keepers(at)
    going = surplus(admins, kept, _LEAST, at.policy.limits.account_admins)
    yield from demote(at, going, kept)


def _estate(users: int, machines: int = 0, groups: Items = ()) -> MemorySnapshot:
    role = [{"value": ACCOUNT_ADMIN}]
    return given(
        account_users=[*({"id": f"u{n}", "roles": role} for n in range(users)), {"id": "plain"}],
        account_service_principals=[{"id": f"s{n}", "roles": role} for n in range(machines)],
        account_groups=groups,
    )


def _group(name: str, *members: str, admin: bool = True) -> dict[str, object]:
    roles = [{"value": ACCOUNT_ADMIN}] if admin else []
    return {"id": name, "roles": roles, "members": [{"value": m} for m in members]}


def _named(daily: int, crew: str = "") -> MemorySnapshot:
    """Return an estate with two admins whose accounts are for administration, and others."""
    meant = [user("1", "adm-ada", admin=True), user("2", "adm-bob", admin=True)]
    others = [user(str(n), f"user{n}", admin=True) for n in range(3, 3 + daily)]
    groups = [group("crew", *crew.split(), admin=True)] if crew else []
    return given(
        account_users=[*meant, *others], account_groups=groups, account_service_principals=[]
    )


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
    named = Policy(admin_patterns=("^adm-",))
    yield fails("too many, and the policy file names those that are meant", _named(3), named)
    yield fails("too many by way of a group that none of those is in", _named(0, "3 4 5"), named)
    yield fails("too many already without the rest", _estate(5, groups=refused()))
    yield unclear("groups may not be read", _estate(2, groups=refused()))
    yield unclear("a group hides its members", _estate(2, groups=[_group("g")]))
    yield unclear("no role was listed at all", _estate(0))
