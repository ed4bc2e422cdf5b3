"""Every cluster reads the package index from one secret scope, so every user may read that scope.
Whoever may write to it sends all installations of the workspace to an index of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, all_of, observe
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
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.access import SECRET_SCOPES
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish

_SCOPE: Final = "databricks-package-management"
_ADMINS: Final = "admins"
_LEVEL: Final = "/permission"
_EVERYBODY: Final = frozenset({"users", "account users"})

CONTROL = Control(
    id="package-scope-acl",
    title="Nobody but admins can change where packages come from",
    paper=("P35", "P36"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(SECRET_SCOPES.need(),),
    fix=Fix(
        f"In the access list of the secret scope {_SCOPE} leave MANAGE to the group admins alone "
        "and lower the group users to READ.",
        console="No page of the console has it; use the command line or the API.",
        api=f'POST /api/2.0/secrets/acls/put {{"scope": "{_SCOPE}", "principal": "users", '
        '"permission": "READ"}; POST /api/2.0/secrets/acls/delete for other managers.',
        terraform="databricks_secret_acl with scope, principal and permission for each of the two.",
        breaks="Whoever maintained the index without being an admin can no longer do so.",
    ),
    maps=(
        *also(
            "lets nobody but admins change where all packages come from",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-5",
            soc2="CC6.3 CC6.8",
            pci="7.2.1 7.2.2",
            iso="A.5.15 A.8.19",
            ccm="CCC-04 IAM-05",
        ),
        *also(
            "keeps a stolen login from sending installations to an index of its own",
            nist="SR-3",
            hipaa="164.308(a)(5)(ii)(B)",
            dasf="DASF-53",
            attack="T1204",
        ),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """MANAGE is with admins alone, and everybody may read at most."""
    scope = at.estate.find(SECRET_SCOPES, _SCOPE, workspace)
    if scope is None:
        return NotApplicable(f"there is no secret scope {_SCOPE} here")
    grants = scope.acl.get()
    managers = [g.principal for g in grants if g.permission == "MANAGE"]
    strangers = [name for name in managers if name != _ADMINS]
    writers = [g.principal for g in grants if g.principal in _EVERYBODY and g.permission == "WRITE"]
    source = scope.acl.source
    return all_of(
        observe(
            not strangers,
            Evidence(source, f"MANAGE on {_SCOPE}", managers, "admins alone"),
            otherwise=f"{', '.join(strangers)} can point every installation elsewhere",
        ),
        observe(
            not writers,
            Evidence(source, f"WRITE on {_SCOPE}", writers, "not everybody"),
            otherwise="every user can point every installation elsewhere",
        ),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Leave MANAGE to admins, and READ to whoever else had more than that."""
    grants = at.estate.need(SECRET_SCOPES, _SCOPE, workspace).acl.get()
    admins = _grant(workspace, _ADMINS, "MANAGE")
    held = next((g.permission for g in grants if g.principal == _ADMINS), None)
    if held != "MANAGE":
        yield replace(admins, before=None if held is None else {_LEVEL: held})
    for grant in grants:
        writes = grant.principal in _EVERYBODY and grant.permission == "WRITE"
        if writes or (grant.permission == "MANAGE" and grant.principal != _ADMINS):
            wish = _grant(workspace, grant.principal, "READ")
            yield replace(wish, before={_LEVEL: grant.permission}, follows=(admins.target,))


def _grant(workspace: Workspace, principal: str, level: str) -> Wish:
    target = Target("secret_acl", scope_of(workspace), f"{_SCOPE}/{principal}")
    return Wish(target, f"{principal} on {_SCOPE}", {_LEVEL: level}, {_LEVEL: level})


def _acl(**grants: str) -> MemorySnapshot:
    items = [{"principal": name, "permission": level} for name, level in grants.items()]
    return given(secret_scopes=[{"name": "team", "items": []}, {"name": _SCOPE, "items": items}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("admins manage, users read", _acl(admins="MANAGE", users="READ"))
    yield passes("a robot writes", _acl(admins="MANAGE", users="READ", robot="WRITE"))
    yield fails("users manage", _acl(admins="MANAGE", users="MANAGE"))
    yield fails("users write", _acl(admins="MANAGE", users="WRITE"))
    yield fails("a team manages", _acl(admins="MANAGE", platform="MANAGE"))
    bare = given(secret_scopes=[{"name": _SCOPE}])
    yield unclear("the list is missing from the answer", bare)
    yield unclear("scopes may not be listed", given(secret_scopes=refused()))
    yield exempt("there is no such scope", given(secret_scopes=[{"name": "team", "items": []}]))
