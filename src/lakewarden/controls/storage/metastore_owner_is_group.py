"""The owner of a metastore may take over every catalog in it. One person as owner is one phished
account away from all data, and a service principal is one leaked secret away; neither can be
reviewed or replaced as easily as the members of a small group.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, holds, violated
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
from lakewarden.controls.kit.unity_subjects import METASTORE
from lakewarden.controls.kit.unity_wishes import metastore_wish
from lakewarden.estate.given import given, refused
from lakewarden.estate.people import ACCOUNT_GROUPS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.unity import METASTORES, Metastore
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="metastore-owner-is-group",
    title="A group of the account owns the metastore",
    paper=("P05", "P22"),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=METASTORE,
    needs=(METASTORES.need(), ACCOUNT_GROUPS.need()),
    fix=Fix(
        "Make a small group of the account the owner of the metastore, with members who "
        "administer data and nobody else; name it in data.metastore_admins.",
        console="Account console, Catalog, the metastore, Metastore admin: choose a group.",
        api='PUT /api/2.0/accounts/{account_id}/metastores/{id} {"metastore_info": {"owner": ...}}',
        terraform="databricks_metastore with owner set to a group's name.",
        breaks="The previous owner loses the rights of a metastore admin unless in the group.",
    ),
    maps=(
        *also(
            "leaves the rule over all data to a group whose members can be reviewed",
            Relation.SUBSET,
            nist="AC-2 AC-6 AC-6(5)",
            soc2="CC6.3",
            pci="7.2.2",
            hipaa="164.308(a)(3)(i) 164.308(a)(4)(i)",
            iso="A.5.18 A.8.2",
            ccm="IAM-05 IAM-10",
        ),
        *also(
            "ties the rights over all data to no single account or secret",
            dasf="DASF-5",
            attack="T1078.004",
        ),
        *also(
            "asks for a group as well, and takes no service principal for one",
            Relation.SUPERSET,
            sat="GOV-21",
        ),
    ),
)


@CONTROL.check
def check(metastore: Metastore, at: Context) -> Judgement:
    """The owner's name is that of a group; an address, an application id or the system is not.

    Nor is the group that everybody is in one of a few.
    """
    owner = metastore.owner.get()
    evidence = Evidence(metastore.owner.source, metastore.owner.field, owner, "a group's name")
    if "@" in owner:
        return violated(f"one person owns it: {owner}", evidence)
    if owner in EVERYBODY:
        return violated(f"everybody owns it: {owner}", evidence)
    return _is_group(owner, evidence, at)


def _is_group(owner: str, evidence: Evidence, at: Context) -> Condition:
    groups = at.estate.of(ACCOUNT_GROUPS)
    unnamed = None
    for group in groups.seen():
        if group.name.gap is not None:
            unnamed = group
        elif group.name.get() == owner:
            return holds(evidence)
    if unnamed is not None:
        unnamed.name.get()
    any(groups.each())
    return violated(f"{owner or 'the system'} owns it, which is no group of the account", evidence)


@CONTROL.mends
def mend(metastore: Metastore, at: Context) -> Iterable[Wish]:
    """Make the group that the policy file names its owner, if it has members."""
    wanted = at.policy.metastore_admins
    if not wanted or wanted in EVERYBODY:
        raise CannotPlanError(
            "nobody says which group of a few is to own it: set data.metastore_admins in "
            "lakewarden.toml"
        )
    found = [g for g in at.estate.of(ACCOUNT_GROUPS).each() if g.name.get() == wanted]
    if not any(group.members.get() for group in found):
        raise CannotPlanError(
            f"the account has no group {wanted} with members, so nobody could administer the "
            "metastore: make it, or set data.metastore_admins in lakewarden.toml to another"
        )
    yield metastore_wish(metastore, metastore.owner, wanted)


def _estate(owner: Any, groups: Any = None) -> MemorySnapshot:
    store = {"metastore_id": "m1", "name": "main", "owner": owner}
    found = [{"id": "1", "displayName": "metastore-admins"}] if groups is None else groups
    return given(metastores=[store], account_groups=found)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("a group", _estate("metastore-admins"))
    yield fails("a person", _estate("ada@example.com"))
    named = Policy(metastore_admins="data-admins")
    staffed = [{"id": "1", "displayName": "data-admins", "members": [{"value": "7"}]}]
    yield fails("a person, and the file names a group", _estate("a@b.c", staffed), named)
    yield fails("a person, whatever the groups are", _estate("ada@example.com", refused()))
    yield fails("a service principal", _estate("2d6f5b0e-0000-4000-8000-000000000000"))
    yield fails("the system", _estate("System user"))
    everybody = [{"id": "1", "displayName": "account users"}]
    yield fails("everybody is a group too", _estate("account users", everybody))
    yield unclear("the groups may not be read", _estate("metastore-admins", refused()))
    yield unclear("the owner is missing", _estate(None))
    yield unclear("metastores may not be read", given(metastores=refused(), account_groups=[]))
