"""Everybody who may create personal access tokens is one careless copy away from handing out a key
that no second factor guards. Few people need one: automation does, and it has names. As long as
the group of all users may create them, every account that is taken over comes with a lasting key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from lakewarden.controls.kit.acl_wishes import Entry, acl_wish
from lakewarden.controls.kit.condition import Condition, Judgement, any_of, expect, observe
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.everybody import EVERYBODY
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.access import AUTHORIZATION, WORKSPACE_CONF
from lakewarden.estate.account import Workspace
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.people import WORKSPACE_GROUPS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.grants import holders

CONTROL = Control(
    id="token-use-restricted",
    title="Personal access tokens are for named principals",
    paper=("P09",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(AUTHORIZATION.need("tokens"), WORKSPACE_CONF.need("enableTokensConfig")),
    plans_with=(WORKSPACE_GROUPS.need(),),
    fix=Fix(
        "Replace the list with PUT /api/2.0/permissions/authorization/tokens so that it "
        "names the groups that need tokens, and name those as access.token_principals in "
        "lakewarden.toml.",
        console="Workspace settings, Advanced, Personal access tokens, Permission settings: take "
        "the group users off and add the groups that need tokens.",
        api="PUT /api/2.0/permissions/authorization/tokens "
        '{"access_control_list": [{"group_name": "automation", "permission_level": "CAN_USE"}]}',
        terraform='databricks_permissions with authorization = "tokens" and an access_control '
        "block for each group.",
        breaks="Tokens of people who are not on the list stop working at once.",
    ),
    maps=(
        *also(
            "lets nobody but named principals create tokens",
            Relation.SUBSET,
            nist="AC-3 IA-5",
            cis_databricks="2.1.6",
            soc2="CC6.1 CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.15",
            ccm="IAM-05 IAM-16",
            dasf="DASF-33",
        ),
        *also(
            "keeps most accounts from making a lasting key, whoever uses them",
            cis_aws="1.10",
            attack="T1098.001",
        ),
        *also(
            "reads the same list, and asks about each name on it besides all users",
            Relation.SUPERSET,
            sat="IA-8",
        ),
    ),
)

_ADMINS: Final = "admins"


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Everybody is not on the list, and whoever is on it is expected; or tokens are off."""
    return any_of(
        expect(
            at.estate.conf(workspace, "enableTokensConfig"),
            lambda value: value == "false",
            expected='"false" when anybody may use tokens',
            otherwise="personal access tokens are on",
        ),
        lambda: _named(workspace, at),
    )


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Whom the policy file names may use tokens, as far as they might before, and nobody else."""
    wanted = at.policy.token_principals
    if not wanted:
        raise CannotPlanError("say who may use tokens: access.token_principals in lakewarden.toml")
    permissions = at.estate.need(AUTHORIZATION, "tokens", workspace)
    held = set(holders(permissions, "CAN_USE", "CAN_MANAGE"))
    groups = {g.name.get() for g in at.estate.of(WORKSPACE_GROUPS, workspace).each()}
    missing = [n for n in wanted if n not in held] if held & EVERYBODY else []
    if unknown := [name for name in missing if name not in groups]:
        raise CannotPlanError(
            f"{', '.join(unknown)} of access.token_principals could use tokens as everybody can, "
            "and is no group of this workspace: grant it CAN_USE by name first"
        )
    kept: list[Entry] = [{"group_name": n, "permission_level": "CAN_USE"} for n in missing]

    def edit(entries: list[Entry]) -> list[Entry]:
        return [
            *(e for e in entries if _may_stay(e, wanted)),
            *(e for e in kept if e not in entries),
        ]

    yield acl_wish("authorization", permissions, at, edit)


def _may_stay(entry: Entry, wanted: Collection[str]) -> bool:
    named = {value for key, value in entry.items() if key != "permission_level"}
    return bool(named & {_ADMINS, *wanted}) and not named & EVERYBODY


def _named(workspace: Workspace, at: Context) -> Condition:
    permissions = at.estate.need(AUTHORIZATION, "tokens", workspace)
    granted = holders(permissions, "CAN_USE", "CAN_MANAGE")
    wanted = at.policy.token_principals
    others = [
        name for name in granted if name in EVERYBODY or (wanted and name not in {_ADMINS, *wanted})
    ]
    expected = (
        f"at most {', '.join((_ADMINS, *wanted))}"
        if wanted
        else f"not {' nor '.join(sorted(EVERYBODY))}"
    )
    evidence = Evidence(permissions.acl.source, permissions.acl.field, granted, expected)
    return observe(not others, evidence, otherwise=f"{', '.join(others)} may use them")


def _estate(*groups: str, switch: str | None = None, acl: Items | None = None) -> MemorySnapshot:
    use = [{"permission_level": "CAN_USE", "inherited": False}]
    manage = [{"permission_level": "CAN_MANAGE", "inherited": True}]
    entries = [{"group_name": _ADMINS, "all_permissions": manage}]
    entries += [{"group_name": name, "all_permissions": use} for name in groups]
    return given(
        workspace_conf={"enableTokensConfig": switch},
        authorization=acl or {"tokens": {"access_control_list": entries}},
        workspace_groups=[{"id": "1", "displayName": "automation"}],
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    ours = Policy(token_principals=("automation",))
    yield passes("admins alone", _estate())
    yield passes("a named group", _estate("automation"), ours)
    yield passes("some group, and the policy file names none", _estate("automation"))
    yield passes("everybody, but tokens are switched off", _estate("users", switch="false"))
    yield fails("everybody", _estate("automation", "users", switch="true"), ours)
    yield fails(
        "everybody, and even meant so", _estate("users"), Policy(token_principals=("users",))
    )
    yield fails("everybody, those who are meant among them", _estate("users"), ours)
    yield fails("everybody of the account", _estate("account users"))
    yield fails("a group that the policy file does not name", _estate("interns"), ours)
    yield unclear("the list may not be read", _estate(acl=refused()))
    yield unclear("an entry names nobody", _estate(""))
    yield unclear("nothing may be read", given(workspace_conf=refused(), authorization=refused()))
