"""Beside its admins the account has roles for billing, the marketplace and tags. Granted to a
person, such a role is forgotten when the person moves on; granted to a group it ends with the
membership, and whoever reviews the group reviews the role.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, holds, unknown, violated
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import ACCOUNT_ID, given, refused
from lakewarden.estate.people import RULE_SETS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Step, Wish

CONTROL = Control(
    id="account-roles-held-by-groups",
    title="Roles of the account are held by groups and service principals",
    paper=("P05",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=ACCOUNT,
    needs=(RULE_SETS.need(),),
    fix=Fix(
        "Grant the role to an account group that the identity provider fills, and take it from "
        "the people who hold it themselves.",
        console="Account console, User management: open the group, tab Roles, switch the role on; "
        "then open each person and switch it off.",
        api="PUT /api/2.0/preview/accounts/{account_id}/access-control/rule-sets with the etag "
        "that GET gave and grant_rules whose principals are groups/… alone.",
        terraform="databricks_access_control_rule_set with grant_rules whose principals are "
        "databricks_group.….acl_principal_id.",
        breaks="People who are not in the group lose the role; who reads billing data through it "
        "should be added first.",
    ),
    maps=(
        *also(
            "lets roles of the account come and go with the membership of a group",
            Relation.SUBSET,
            nist="AC-2 AC-3 PS-5",
            soc2="CC6.2 CC6.3",
            pci="7.2.1 7.2.2 7.3.2",
            hipaa="164.308(a)(3)(i) 164.308(a)(4)(i)",
            iso="A.5.15 A.5.18",
            ccm="IAM-07 IAM-10",
        ),
        *also(
            "finds rights that were granted to one person, and so outlast their task",
            cis_aws="1.14",
            attack="T1078.004",
        ),
    ),
)

_PERSON: Final = "users/"
_GROUP: Final = "groups/"
_OTHERS: Final = (_GROUP, "servicePrincipals/")


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """No grant of the account's own rule set names a person."""
    rules = at.estate.need(RULE_SETS, _name(at))
    grants = [(rule.role, holder) for rule in rules.grants.get() for holder in rule.principals]
    people = [
        f"{holder.removeprefix(_PERSON)} holds {role}"
        for role, holder in grants
        if holder.startswith(_PERSON)
    ]
    shown = [f"{role} to {holder}" for role, holder in grants]
    evidence = Evidence(rules.grants.source, rules.grants.field, shown, "no users/…")
    odd = [holder for _, holder in grants if not holder.startswith((_PERSON, *_OTHERS))]
    if people:
        return violated("; ".join(people), evidence)
    if odd:
        return unknown(RULE_SETS.gap(Cause.MALFORMED, f"who is {odd[0]!r}?"), field="grant_rules")
    return holds(evidence)


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish | Step]:
    """A role goes from the people who hold it where a group holds it too; else a group is named."""
    rules = at.estate.need(RULE_SETS, _name(at))
    grants = rules.grants.get()
    held = Counter(rule.role for rule in grants)
    before, after = dict[str, Any](), dict[str, Any]()
    for rule in grants:
        kept = [holder for holder in rule.principals if not holder.startswith(_PERSON)]
        if len(kept) == len(rule.principals):
            continue
        if held[rule.role] > 1 or not any(holder.startswith(_GROUP) for holder in kept):
            yield Step(
                f"Grant {rule.role} to an account group that the identity provider fills, and make "
                "a new plan, which then takes it from the people who hold it themselves",
                f"the group holds {rule.role} and no person does",
            )
            continue
        place = path("grant_rules", f"[role={rule.role}]", "principals")
        before[place], after[place] = list(rule.principals), kept
    if before:
        yield Wish(Target("rule_set", "account", rules.name), "roles of the account", before, after)


def _name(at: Context) -> str:
    return f"accounts/{at.estate.meta.account_id}/ruleSets/default"


def _rules(*grants: tuple[str, str]) -> MemorySnapshot:
    rules: list[dict[str, Any]] = [
        {"role": f"roles/{role}", "principals": [holder]} for role, holder in grants
    ]
    name = f"accounts/{ACCOUNT_ID}/ruleSets/default"
    return given(rule_sets=[{"name": name, "grant_rules": rules}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show who may hold a role, who should not, and what is not known."""
    yield passes("no role is granted", _rules())
    team, robot = "groups/finance", "servicePrincipals/0f1e2d3c"
    yield passes("to a group and a machine", _rules(("billing.admin", team), ("x.admin", robot)))
    ann = "users/ann@example.com"
    yield fails("to a person", _rules(("billing.admin", ann)))
    yield fails("to a person beside a group", _rules(("x.admin", team), ("billing.admin", ann)))
    both = {"role": "roles/billing.admin", "principals": [team, ann]}
    shared = {"name": f"accounts/{ACCOUNT_ID}/ruleSets/default", "grant_rules": [both]}
    yield fails("to a person, and to a group as well", given(rule_sets=[shared]))
    yield fails("to a person, and to who knows whom", _rules(("x.admin", "?"), ("y.admin", ann)))
    yield unclear("to who knows whom", _rules(("billing.admin", "ann@example.com")))
    name = f"accounts/{ACCOUNT_ID}/ruleSets/default"
    yield unclear("the grants are missing from the answer", given(rule_sets=[{"name": name}]))
    yield unclear("roles may not be read", given(rule_sets=refused()))
