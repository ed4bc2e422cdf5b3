"""People who may create clusters under a policy choose whatever it leaves open. A policy that says
nothing of the access mode lets them make a cluster without isolation and invite others to it, and
then read their tokens and data from its memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policies import (
    NEEDS,
    effective,
    policy_with,
    shown,
    unless_for_admins,
    usual_examples,
)
from lakewarden.controls.kit.rule_wishes import narrowed, rule_wish
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.estate.compute import ClusterPolicy
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.access_modes import isolation
from lakewarden.semantics.cluster_policy import Definition, Rule

CONTROL = Control(
    id="policies-fix-access-mode",
    title="The cluster policy offers isolating access modes alone",
    paper=("P32", "P33"),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=NEEDS,
    fix=Fix(
        "Add a rule for data_security_mode that is not optional: fixed, or an allowlist of "
        "USER_ISOLATION and SINGLE_USER.",
        console="Compute, Policies, the policy, Edit: add the rule to its definition.",
        api='POST /api/2.0/policies/clusters/edit with "data_security_mode": {"type": "allowlist", '
        '"values": ["USER_ISOLATION", "SINGLE_USER"]} in the definition.',
        terraform="databricks_cluster_policy: the same rule within definition = jsonencode({...}).",
        breaks="People can no longer make or edit clusters of another mode under this policy.",
    ),
    maps=(
        *also(
            "lets users make no cluster on which code reaches what others hold",
            Relation.SUBSET,
            nist="AC-3 CM-6 SC-4 SC-39",
            soc2="CC6.1",
            pci="7.3.1",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.9",
            ccm="CCC-04 IVS-06",
        ),
        *also(
            "keeps people from making a cluster to read other users' tokens on",
            dasf="DASF-5",
            attack="T1550.001 T1552",
        ),
        *also(
            "forbids beforehand the open modes that the rule there finds on clusters", sat="GOV-12"
        ),
    ),
)

_PATH: Final = "data_security_mode"
_USUAL: Final = ("USER_ISOLATION", "SINGLE_USER")


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """Every mode that the rule leaves open isolates; admins alone may do without."""
    rules = effective(policy, at)
    condition = observe(
        rules.allows_only(_PATH, _isolates),
        shown(rules, _PATH, "isolating modes alone, and not optional"),
        otherwise="clusters without user isolation may be made",
    )
    return unless_for_admins(policy, at, condition)


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish]:
    """Leave the choice of the modes that isolate; of the usual two where none does."""
    yield rule_wish(policy, at, {_PATH: _isolating})


def _isolating(rule: Rule) -> Rule:
    modes = [mode for mode in Definition({_PATH: rule}).listed(_PATH) if _isolates(mode)]
    left = narrowed(modes or _USUAL, _USUAL[0])(rule)
    return left if left["values"] else narrowed(_USUAL, _USUAL[0])({})


def _isolates(mode: Any) -> bool:
    """Return whether a mode keeps users apart, taking a dedicated cluster for one with a user."""
    return isinstance(mode, str) and isolation(mode, "somebody", {}).separates


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    good = {_PATH: {"type": "allowlist", "values": ["USER_ISOLATION", "SINGLE_USER"]}}
    yield passes("two modes that isolate", policy_with(good))
    new = {_PATH: {"type": "fixed", "value": "DATA_SECURITY_MODE_STANDARD"}}
    yield passes("standard, by its new name", policy_with(new))
    yield fails("nothing said", policy_with({}))
    sly = {_PATH: {"type": "allowlist", "values": ["USER_ISOLATION", "NONE"]}}
    yield fails("none among them", policy_with(sly))
    yield fails("it may be left out", policy_with({_PATH: {**good[_PATH], "isOptional": True}}))
    yield fails(
        "anything but none", policy_with({_PATH: {"type": "blocklist", "values": ["NONE"]}})
    )
    yield fails("no mode at all allowed", policy_with({_PATH: {"type": "forbidden"}}))
    yield from usual_examples(good, sly)
