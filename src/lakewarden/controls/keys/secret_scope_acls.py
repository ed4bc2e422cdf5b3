"""Secret scopes keep the passwords of everything that the lakehouse talks to. From a scope that
everybody manages, everybody and every stolen token can read and replace each of them; a scope that
nobody in particular manages is never cleaned up or rotated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, all_of, observe
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
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="secret-scope-acls",
    title="The secret scope is managed by somebody in particular, and not by everybody",
    paper=("P36",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=SECRET_SCOPE,
    needs=(SECRET_SCOPES.need(),),
    fix=Fix(
        "Give MANAGE on the scope to the group that owns it, as data.secret_owners names it, then "
        "take MANAGE and WRITE from the group users by granting it READ or nothing.",
        console="No page shows the grants of a scope; use the API or the command line.",
        api='POST /api/2.0/secrets/acls/put {"scope": "...", "principal": "<group>", '
        '"permission": "MANAGE"}, then POST /api/2.0/secrets/acls/delete {"scope": "...", '
        '"principal": "users"}',
        terraform="databricks_secret_acl for the owning group; leave out "
        "initial_manage_principal of databricks_secret_scope.",
        breaks="Notebooks and jobs of people who read secrets by the grant to everybody are "
        "refused "
        "until their group is given READ.",
    ),
    maps=also(
        "limits who may read out, replace or share the secrets of a scope",
        Relation.SUBSET,
        nist="AC-3 AC-6 IA-5 IA-5(6)",
        soc2="CC6.1 CC6.3",
        pci="7.2.2 8.6",
        hipaa="164.308(a)(4)(i)",
        iso="A.5.15 A.5.17 A.8.3",
        ccm="IAM-05 IAM-16",
        dasf="DASF-33",
        attack="T1552",
    ),
)

_EVERYBODY: Final = frozenset({"users", "account users"})


@CONTROL.check
def check(scope: SecretScope, _: Context) -> Judgement:
    """The group users can neither manage nor write, and somebody else can manage."""
    grants = scope.acl.get()
    wide = [g.permission for g in grants if g.principal in _EVERYBODY and g.permission != "READ"]
    owners = [
        g.principal for g in grants if g.permission == "MANAGE" and g.principal not in _EVERYBODY
    ]
    return all_of(
        observe(
            not wide,
            Evidence(scope.acl.source, "grants to users", wide, "READ at most"),
            otherwise=f"everybody in the workspace holds {', '.join(wide)} on {scope.name}",
        ),
        observe(
            bool(owners),
            Evidence(scope.acl.source, "holders of MANAGE", owners, "somebody other than users"),
            otherwise=f"nobody in particular holds MANAGE on {scope.name}",
        ),
    )


@CONTROL.mends
def mend(scope: SecretScope, at: Context) -> Iterable[Wish]:
    """Leave everybody READ; where nobody in particular manages it, have its owner do so first."""
    held = {grant.principal: grant.permission for grant in scope.acl.get()}
    owners = [p for p, level in held.items() if level == "MANAGE" and p not in _EVERYBODY]
    given_first = [] if owners else [acl_wish(scope, owner_of(scope, at), "MANAGE", at)]
    yield from given_first
    follows = tuple(wish.target for wish in given_first)
    for principal in sorted(_EVERYBODY & held.keys()):
        if held[principal] != "READ":
            yield acl_wish(scope, principal, "READ", at, follows)


def _scope(**grants: str) -> MemorySnapshot:
    items = [{"principal": who, "permission": what} for who, what in grants.items()]
    return given(secret_scopes=[{"name": "warehouse", "items": items}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("a team manages it", _scope(data_team="MANAGE"))
    yield passes("everybody may read it", _scope(data_team="MANAGE", users="READ"))
    yield fails("everybody manages it", _scope(users="MANAGE"))
    yield fails("everybody manages it beside a team", _scope(data_team="MANAGE", users="MANAGE"))
    everyone = {"account users": "MANAGE"}
    yield fails("everybody of the account manages it", _scope(data_team="MANAGE", **everyone))
    yield fails("everybody may write", _scope(data_team="MANAGE", users="WRITE"))
    yield fails("nobody manages it", _scope(data_team="WRITE"))
    named = Policy(secret_owners={"ware*": "data_team"})
    yield fails("nobody manages it, and the file names a group", _scope(data_team="WRITE"), named)
    yield fails("nobody may do anything", _scope())
    yield unclear("the grants are missing", given(secret_scopes=[{"name": "warehouse"}]))
    yield unclear("scopes may not be listed", given(secret_scopes=refused()))
    yield exempt("there are no scopes", given(secret_scopes=[]))
