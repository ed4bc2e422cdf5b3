"""Access is granted to groups, so whoever fills a group grants access. A group that the identity
provider does not know keeps the members that somebody once put in: people who changed teams, and
people who left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
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
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.given import given, refused
from lakewarden.estate.people import ACCOUNT_GROUPS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="scim-managed-groups",
    title="Groups of the account come from the identity provider",
    paper=("P23",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(ACCOUNT_GROUPS.need(),),
    fix=Fix(
        "Make each group in the identity provider, let SCIM bring it to the account, grant it "
        "what the group made by hand was granted, and delete the latter.",
        console="Account console, User management, Groups: groups whose source is Internal were "
        "made by hand; delete those that the identity provider's replace.",
        api="DELETE /api/2.0/accounts/{account_id}/scim/v2/Groups/{id} for groups without an "
        "externalId, once SCIM has brought their successors.",
        terraform="databricks_group with external_id, made by the identity provider's "
        "synchronisation; remove the databricks_group resources that Terraform fills itself.",
        breaks="Grants that name the deleted group are lost with it, and its members lose what "
        "only it gave them.",
        no_api="What a group made by hand was granted must go to its successor first, and only "
        "people know which group that is.",
    ),
    limits=("scim_percent",),
    maps=(
        *also(
            "wants the groups that carry access filled and emptied by the identity provider",
            Relation.SUBSET,
            nist="AC-2 AC-2(1) PS-5",
            cis_databricks="2.1.4",
            soc2="CC6.2 CC6.3",
            pci="7.3.2 8.2.4",
            hipaa="164.308(a)(3)(i) 164.308(a)(4)(i)",
            iso="A.5.16 A.5.18",
            ccm="IAM-07",
            dasf="DASF-2",
        ),
        *also(
            "tells groups of the identity provider from those made by hand",
            cis_aws="1.20",
            attack="T1098",
        ),
    ),
)

_TASTE: Final = 3
"""How many of the groups made by hand are named."""


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Enough of the groups have an external id; those for emergencies do not count."""
    managed, strangers = 0, []
    for group in at.estate.of(ACCOUNT_GROUPS).each():
        if group.name.get() in at.policy.break_glass:
            continue
        if group.external_id.get():
            managed += 1
        else:
            strangers.append(group.name.get())
    total, percent = managed + len(strangers), at.policy.limits.scim_percent
    if not total:
        return NotApplicable("the account has no groups of its own")
    evidence = Evidence(
        ACCOUNT_GROUPS.source, "externalId", f"{managed} of {total}", f"at least {percent} %"
    )
    some = ", ".join([*sorted(strangers)[:_TASTE], *(["…"] if len(strangers) > _TASTE else [])])
    otherwise = f"{len(strangers)} of {total} groups were made by hand: {some}"
    return observe(100 * managed >= percent * total, evidence, otherwise=otherwise)


def _estate(managed: int, by_hand: int, *more: dict[str, Any]) -> MemorySnapshot:
    groups: list[dict[str, Any]] = [
        {"id": str(n), "displayName": f"group{n}", "externalId": f"e{n}" if n < managed else None}
        for n in range(managed + by_hand)
    ]
    return given(account_groups=[*groups, *more])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the edge, the groups that do not count, and what is not known."""
    yield passes("all three", _estate(3, 0))
    yield passes("exactly 19 of 20", _estate(19, 1))
    emergency = Policy(break_glass=("group1",))
    yield passes("who is for emergencies does not count", _estate(1, 1), emergency)
    yield fails("18 of 19", _estate(18, 1))
    yield fails("none", _estate(0, 1))
    empty = {"id": "x", "displayName": "team", "externalId": ""}
    yield fails("an empty external id is none", _estate(1, 0, empty))
    strict = Policy(thresholds={"scim_percent": 100})
    yield fails("a stricter share of our own", _estate(19, 1), strict)
    yield unclear("a group without a name", _estate(19, 0, {"id": "x"}))
    yield unclear("groups may not be read", given(account_groups=refused()))
    yield exempt("there are none", _estate(0, 0))
