"""A secret scope that one person manages is managed by nobody once that person leaves, and by
whoever takes over their account until then. A group has members who answer for it, its changes are
recorded, and the identity provider keeps it current.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
from lakewarden.controls.kit.control import (
    BOTH,
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
from lakewarden.controls.kit.scope_wishes import acl_wish, owner_of
from lakewarden.controls.kit.subjects import SECRET_SCOPE
from lakewarden.estate.access import SECRET_SCOPES, SecretScope
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.people import WORKSPACE_GROUPS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="secret-scopes-owned",
    title="A group of its own manages the secret scope",
    paper=("P36",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=SECRET_SCOPE,
    needs=(SECRET_SCOPES.need(), WORKSPACE_GROUPS.need()),
    fix=Fix(
        "Give MANAGE on the scope to the group that answers for its secrets, as data.secret_owners "
        "names it, then take it from single people.",
        console="No page shows the grants of a scope; use the API or the command line.",
        api='POST /api/2.0/secrets/acls/put {"scope": "...", "principal": "<group>", '
        '"permission": "MANAGE"}, then POST /api/2.0/secrets/acls/delete for the person.',
        terraform="databricks_secret_acl with principal = the group and permission = MANAGE; "
        "leave out initial_manage_principal of databricks_secret_scope.",
        breaks="People who lose MANAGE can no longer write or share the scope's secrets.",
    ),
    maps=also(
        "makes a group answer for the secrets, which outlives the leaving of single people",
        Relation.SUBSET,
        nist="AC-2 AC-6 IA-5",
        soc2="CC6.2 CC6.3",
        pci="7.2.2 8.6",
        hipaa="164.308(a)(4)(i)",
        iso="A.5.9 A.5.17 A.5.18",
        ccm="IAM-07 IAM-16",
        dasf="DASF-33",
    ),
)

_EVERYBODY: Final = frozenset({"users", "account users"})


@CONTROL.check
def check(scope: SecretScope, at: Context) -> Judgement:
    """Some group other than that of all users holds MANAGE."""
    holders = [g.principal for g in scope.acl.get() if g.permission == "MANAGE"]
    wanted = [name for name in holders if name not in _EVERYBODY]
    groups = at.estate.of(WORKSPACE_GROUPS, at.here)
    known = {group.name.get() for group in groups.seen()} if wanted else set()
    owners = [name for name in wanted if name in known]
    if not owners and wanted and groups.gap is not None:
        raise UnreadError(groups.gap)
    evidence = Evidence(scope.acl.source, "holders of MANAGE", holders, "a group, not all users")
    shown = f"only {', '.join(holders)} may" if holders else "nobody may"
    return observe(
        bool(owners), evidence, otherwise=f"{shown} manage {scope.name}: no group of its own"
    )


@CONTROL.mends
def mend(scope: SecretScope, at: Context) -> Iterable[Wish]:
    """Have the group that the policy file names manage it; nobody loses anything by that."""
    yield acl_wish(scope, owner_of(scope, at), "MANAGE", at)


def _scope(*, groups: Items | None = None, **grants: Any) -> MemorySnapshot:
    items = [{"principal": who, "permission": what} for who, what in grants.items()]
    data = [{"id": "1", "displayName": "data"}, {"id": "2", "displayName": "admins"}]
    return given(
        secret_scopes=[{"name": "warehouse", "items": items}],
        workspace_groups=data if groups is None else groups,
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    person = {"ana@example.com": "MANAGE"}
    yield passes("a team manages it", _scope(data="MANAGE"))
    yield passes("the admins manage it", _scope(admins="MANAGE", users="READ"))
    yield passes("a person beside a team", _scope(groups=None, data="MANAGE", **person))
    yield fails("a person manages it", _scope(groups=None, **person))
    yield fails("everybody manages it", _scope(users="MANAGE"))
    yield fails("the team may write only", _scope(groups=None, data="WRITE", **person))
    yield fails("nobody manages it", _scope())
    named = Policy(secret_owners={"*": "data"})
    yield fails("a person does, and the file names a group", _scope(groups=None, **person), named)
    yield unclear("groups may not be read", _scope(groups=refused(), data="MANAGE"))
    yield fails("everybody, whatever groups there are", _scope(groups=refused(), users="MANAGE"))
    nameless = [{"id": "1"}]
    yield unclear("a group without a name", _scope(groups=nameless, data="MANAGE"))
    yield unclear("scopes may not be listed", given(secret_scopes=refused()))
    yield exempt("there are no scopes", given(secret_scopes=[]))
