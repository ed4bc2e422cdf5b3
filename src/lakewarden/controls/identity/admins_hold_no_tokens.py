"""A token of an administrator is administration without a second factor: whoever copies it from a
notebook or a laptop changes settings, reads everything and makes more of its kind. People who
administer sign in; what must run unattended gets a service principal with no more than it needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

from lakewarden.controls.kit.admins import Holders, account_admins, workspace_admins
from lakewarden.controls.kit.condition import Condition, Judgement, holds, unknown, violated
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
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import TOKEN
from lakewarden.controls.kit.token_wishes import REVOKES_WITH, revoke
from lakewarden.controls.kit.tokens import SWITCH, SWITCH_NEED, example_token, while_usable
from lakewarden.estate.access import TOKENS, Token
from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
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
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="admins-hold-no-tokens",
    title="The token is not an administrator's",
    paper=("P09", "P05"),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=TOKEN,
    needs=(
        TOKENS.need(),
        SWITCH_NEED,
        ACCOUNT_USERS.need(),
        ACCOUNT_GROUPS.need(),
        ACCOUNT_SERVICE_PRINCIPALS.need(),
        WORKSPACE_GROUPS.need(),
        PERMISSION_ASSIGNMENTS.need(),
    ),
    plans_with=REVOKES_WITH,
    fix=Fix(
        "Revoke the token. The administrator signs in with OAuth from then on; a task that ran "
        "with the token gets a service principal that may do that task and nothing else.",
        console="Workspace settings, Advanced, Personal access tokens, Manage: revoke it.",
        api="DELETE /api/2.0/token-management/tokens/{token_id}",
        terraform="Remove the databricks_token of the administrator; run Terraform itself as a "
        "federated service principal.",
        breaks="Scripts that run with the administrator's token stop; look for them in the audit "
        "log under tokenLogin first.",
        no_terraform="Terraform cannot revoke a token that it did not make.",
    ),
    maps=(
        *also(
            "leaves administrators no key that works without a second factor",
            Relation.SUBSET,
            nist="AC-6(5) IA-2(1) IA-5",
            cis_databricks="2.1.6",
            soc2="CC6.1",
            pci="7.2.2 8.4.1",
            hipaa="164.312(d)",
            iso="A.5.17 A.8.2",
            ccm="IAM-10 IAM-14",
            dasf="DASF-33",
        ),
        *also(
            "finds keys of the mightiest accounts, which anybody could copy and use",
            cis_aws="1.3",
            attack="T1078.004 T1550.001",
        ),
    ),
)


_SEEN: Final[WeakKeyDictionary[Estate, dict[int | None, Holders]]] = WeakKeyDictionary()
"""The administrators of estates that are being judged, so that each token need not look again."""


@CONTROL.check
def check(token: Token, at: Context) -> Judgement:
    """Its owner, person or machine, administers neither the workspace nor the account."""
    return while_usable(token, at, lambda: _plain(token, at))


@CONTROL.mends
def mend(token: Token, at: Context) -> Iterable[Wish | Step]:
    """Revoke it; what a new one is for, its owner knows."""
    yield revoke(token, at)


def _plain(token: Token, at: Context) -> Condition:
    owner = str(token.owner_id.get())
    expected = "nobody who administers the workspace or the account"
    evidence = Evidence(token.owner_id.source, token.owner_id.field, owner, expected)
    gap = None
    for place, what in ((None, "the account"), (at.here, "the workspace")):
        holders = _holders(at.estate, place)
        gap = gap or holders.gap
        if owner in holders.through:
            group = holders.through[owner]
            way = f" through {group}" if group else ""
            return violated(f"its owner {owner} administers {what}{way}", evidence)
    return holds(evidence) if gap is None else unknown(gap, expected=expected)


def _holders(estate: Estate, workspace: Workspace | None) -> Holders:
    seen = _SEEN.setdefault(estate, {})
    place = workspace.id if workspace else None
    if place not in seen:
        seen[place] = workspace_admins(estate, workspace) if workspace else account_admins(estate)
    return seen[place]


def _estate(owner: int, **changes: Items) -> MemorySnapshot:
    """Return an estate with one token; 1 administers the account, 2 and 3 the workspace."""
    admins = {"id": "a", "displayName": "admins", "members": [{"value": "2", "$ref": "Users/2"}]}
    assigned = [{"principal": {"principal_id": 3}, "permissions": ["ADMIN"]}]
    kinds: dict[str, Any] = {
        "tokens": [example_token(owner_id=owner)],
        "workspace_conf": {SWITCH: "true"},
        "account_users": [{"id": "1", "roles": [{"value": "account_admin"}]}, {"id": "4"}],
        "account_groups": [],
        "account_service_principals": [{"id": "5"}],
        "workspace_groups": [admins],
        "permission_assignments": [
            {"workspace_id": WORKSPACE_ID, "permission_assignments": assigned}
        ],
    }
    return given(**{**kinds, **changes})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be an administrator, and what is not known."""
    yield passes("a person who administers nothing", _estate(4))
    yield passes("a machine", _estate(5))
    yield fails("an account admin's", _estate(1))
    yield fails("a workspace admin's", _estate(2))
    yield fails("somebody's who is assigned as admin", _estate(3))
    machine = [{"id": "5", "roles": [{"value": "account_admin"}]}]
    yield fails("a machine's that is account admin", _estate(5, account_service_principals=machine))
    role, members = [{"value": "account_admin"}], [{"value": "4"}]
    group = [{"id": "g", "displayName": "ops", "roles": role, "members": members}]
    yield fails("an admin's by way of a group", _estate(4, account_groups=group))
    yield fails("certainly an admin's", _estate(1, workspace_groups=refused()))
    yield unclear("no account admin was listed", _estate(4, account_users=[{"id": "4"}]))
    bare = [{"id": "a", "displayName": "admins"}]
    nobody = [{"workspace_id": WORKSPACE_ID, "permission_assignments": []}]
    empty = _estate(4, workspace_groups=bare, permission_assignments=nobody)
    yield unclear("no workspace admin was listed", empty)
    yield unclear("workspace groups may not be read", _estate(4, workspace_groups=refused()))
    yield unclear("assignments may not be read", _estate(4, permission_assignments=refused()))
    yield unclear("account users may not be read", _estate(4, account_users=refused()))
    yield unclear("nobody says whose it is", _estate(4, tokens=[example_token(owner_id=None)]))
    yield unclear("it may be that tokens are off", _estate(1, workspace_conf=refused()))
    yield exempt("tokens are off", _estate(1, workspace_conf={SWITCH: "false"}))
    yield exempt("there are no tokens", _estate(1, tokens=[]))
