"""Tags that people are asked to set are tags that some forget, and that whoever wants to stay
unseen leaves out. A cluster policy that fixes them, or offers a choice, leaves no cluster
without an owner.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, observe
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, fails, passes, unclear
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
from lakewarden.controls.kit.rule_wishes import Edit, fixed, narrowed, rule_wish
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.controls.kit.tags import WANTED, each_required
from lakewarden.estate.compute import ClusterPolicy
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.semantics.cluster_policy import Definition, Rule

CONTROL = Control(
    id="policies-enforce-tags",
    title="The cluster policy makes every cluster carry the tags that are asked for",
    paper=("P37", "P33"),
    severity=Severity.LOW,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=NEEDS,
    fix=Fix(
        "Add a rule for custom_tags.KEY of every required tag: fixed, an allowlist, or a regex, "
        "and "
        "not optional.",
        console="Compute, Policies: edit the definition of the policy.",
        api="POST /api/2.0/policies/clusters/edit with a definition that has "
        '"custom_tags.CostCenter": '
        '{"type": "fixed", "value": "..."}.',
        terraform="databricks_cluster_policy { definition = jsonencode({ ... }) }.",
        breaks="Clusters and jobs of the policy without the tags no longer pass it when they are "
        "edited; running ones go on.",
    ),
    maps=(
        *also(
            "fixes the tags that name an owner, so that no cluster goes without",
            Relation.SUBSET,
            nist="CM-6 CM-8 CM-8(4)",
            soc2="CC6.1",
            iso="A.5.9 A.8.9",
            ccm="CCC-04 DCS-06",
        ),
        *also(
            "leaves intruders no nameless cluster to make under a policy", attack="T1496 T1578.002"
        ),
    ),
)

_TAG: Final = "tag"
"""The name of a rule that is looked at by itself."""


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """No tag that is asked for can be left out by those who may use the policy."""

    def enforced(key: str) -> Condition:
        path = f"custom_tags.{key}"
        rules = effective(policy, at)
        allowed = at.policy.tag_values.get(key, ())
        odd = [value for value in rules.listed(path) if allowed and value not in allowed]
        told = f"clusters may go without the tag {key}, or give it any value"
        return observe(
            rules.prescribes(path) and not odd,
            shown(rules, path, "fixed, an allowlist or a regex, not optional"),
            otherwise=f"the tag {key} may be {', '.join(odd)}, which nobody wants" if odd else told,
        )

    return unless_for_admins(policy, at, lambda: each_required(at.policy, enforced))


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish]:
    """Insist on the tags, each with the values that the policy has, or that are allowed."""
    rules = effective(policy, at)
    edits: dict[str, Edit] = {}
    for key in at.policy.required_tags:
        edit = functools.partial(_insisting, at.policy.tag_values.get(key, ()))
        if not edit(rules.rules.get(f"custom_tags.{key}", {})):
            raise CannotPlanError(
                f"nobody says which {key} clusters may have: list some under tags.values in "
                "lakewarden.toml"
            )
        edits[f"custom_tags.{key}"] = edit
    yield rule_wish(policy, at, edits)


def _insisting(allowed: tuple[str, ...], rule: Rule) -> Rule:
    """Return a rule that is not optional and has no odd values; none where nobody names any."""
    strict = {name: part for name, part in rule.items() if name != "isOptional"}
    named = Definition({_TAG: strict}).listed(_TAG)
    good = [value for value in named if value in allowed] if allowed else list(named)
    if Definition({_TAG: strict}).prescribes(_TAG) and len(good) == len(named):
        return strict
    values = [value for value in good or allowed if value.strip()]
    if len(values) == 1:
        return fixed(values[0])(rule)
    return narrowed(values)({}) if values else {}


_RULES: dict[str, Any] = {
    "custom_tags.CostCenter": {"type": "allowlist", "values": ["7", "8"]},
    "custom_tags.Owner": {"type": "fixed", "value": "research"},
}


def _ruled(**rule: Any) -> dict[str, Any]:
    return {**_RULES, "custom_tags.Owner": rule}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("a choice and a fixed value", policy_with(_RULES), WANTED)
    regex = _ruled(type="regex", pattern="[a-z]+@example.com")
    yield passes("a pattern", policy_with(regex), WANTED)
    yield fails(
        "a pattern that matches all", policy_with(_ruled(type="regex", pattern=".*")), WANTED
    )
    yield fails("any value", policy_with(_ruled(type="unlimited")), WANTED)
    other = {**_RULES, "custom_tags.CostCenter": {"type": "allowlist", "values": ["7", "9"]}}
    yield fails("a value that nobody allows", policy_with(other), WANTED)
    yield fails("a fixed value of nothing", policy_with(_ruled(type="fixed", value="")), WANTED)
    empty = _ruled(type="regex", pattern="[a-z]*")
    yield fails("a pattern that nothing matches too", policy_with(empty), WANTED)
    optional = _ruled(type="fixed", value="research", isOptional=True)
    yield fails("it may be left out", policy_with(optional), WANTED)
    yield fails(
        "no rule for one", policy_with({"custom_tags.Owner": _RULES["custom_tags.Owner"]}), WANTED
    )
    yield fails("no rules", policy_with({}), WANTED)
    yield unclear("nobody says which tags are wanted", policy_with(_RULES))
    family = [{"policy_family_id": "team", "definition": json.dumps(_RULES)}]
    heir = [{"policy_id": "p1", "name": "team", "policy_family_id": "team"}]
    inherited = policy_with({}, cluster_policies=heir, policy_families=family)
    yield passes("rules of its family", inherited, WANTED)
    for example in usual_examples(_RULES, {}):
        yield Example(example.verdict, example.title, example.estate, WANTED)
