"""Wishes about cluster policies: another rule on an attribute, narrower than the one that is there.

Rules are made out of those that are there, so that wishes of several controls about one attribute
add up, and nothing that a policy forbids becomes possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policies import effective
from lakewarden.controls.kit.spec_wishes import goes
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.compute import CLUSTER_POLICIES, CLUSTERS, ClusterPolicy, ClusterSpec
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.kind import Kind, Need
from lakewarden.estate.workloads import JOB_CLUSTERS, PIPELINE_CLUSTERS
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError, Rule, parse

_BOUND: Final[tuple[Kind[Any], ...]] = (CLUSTERS, JOB_CLUSTERS, PIPELINE_CLUSTERS)
USERS: Final[tuple[Need, ...]] = tuple(kind.need() for kind in _BOUND)
"""What must be collected to know what is made under a policy."""

Edit = Callable[[Rule], Rule]
"""Makes the new rule out of the one that counts, empty for none; twice is as good as once."""


def rule_wish(policy: ClusterPolicy, at: Context, edits: Mapping[str, Edit]) -> Wish:
    """Wish for other rules on some attributes.

    A policy of a family gets them as rules of its own, laid over those of the family.

    Raises:
        UnreadError: the rules are not known, or make no sense.
    """
    family = policy.family_id.get() is not None
    text = policy.overrides.get() if family else policy.definition.get()
    root = "policy_family_definition_overrides" if family else "definition"
    try:
        own, whole = parse(text).rules, effective(policy, at).rules
    except MalformedDefinitionError as error:
        raise UnreadError(CLUSTER_POLICIES.gap(Cause.MALFORMED, str(error))) from None
    return policy_wish(
        policy,
        at,
        {path(root, name): own.get(name) for name in edits},
        {path(root, name): _over(edit, whole.get(name, {})) for name, edit in edits.items()},
    )


def policy_wish(
    policy: ClusterPolicy, at: Context, before: dict[str, Any], after: dict[str, Any]
) -> Wish:
    """Wish for other values in a policy, by the paths within the answer of the API."""
    target = Target("cluster_policy", scope_of(at.workspace), policy.id)
    return Wish(target, label_of(policy), before, after)


def label_of(policy: ClusterPolicy) -> str:
    """Return what people call a policy."""
    return policy.id if policy.name.gap else policy.name.get()


def _over(edit: Edit, inherited: Rule) -> Callable[[Rule | None], Rule]:
    return lambda own: edit(inherited if own is None else own)


def fixed(value: Any) -> Edit:
    """Return the edit that fixes an attribute."""
    return lambda rule: {"type": "fixed", "value": value, **_kept(rule)}


def forbidden(rule: Rule) -> Rule:
    """Forbid an attribute."""
    return {"type": "forbidden", **_kept(rule)}


def narrowed(values: Iterable[str], default: str = "", *, optional: bool = False) -> Edit:
    """Return the edit that leaves a choice of those of some values that the rule lets through.

    Args:
        values: what may be chosen.
        default: what is chosen where the rule's own default is none of them, if it is one; a rule
            that had a default keeps one.
        optional: where no rule was, or an optional one, the attribute may go on being left out.
    """
    wanted = tuple(values)

    def edit(rule: Rule) -> Rule:
        found = [value for value in wanted if goes(Definition({"it": rule}), "it", value)]
        kept = rule.get("defaultValue", rule.get("value"))
        usual = [value for value in (kept, default) if value in found]
        first = next(iter([*usual, *(found if kept is not None else ())]), None)
        return {
            "type": "allowlist",
            "values": found,
            **({"defaultValue": first} if first is not None else {}),
            **({"isOptional": True} if optional and (not rule or rule.get("isOptional")) else {}),
            **_kept(rule),
        }

    return edit


def _kept(rule: Rule) -> dict[str, Any]:
    """Return what a rule says of how it is shown."""
    return {"hidden": rule["hidden"]} if "hidden" in rule else {}


def made_under(policy: ClusterPolicy, at: Context) -> tuple[ClusterSpec, ...]:
    """Return the clusters that are bound by a policy: those that exist, and those described.

    Raises:
        UnreadError: some may be missing.
    """
    found: list[ClusterSpec] = []
    for kind in _BOUND:
        found += list(at.estate.of(kind, at.here).each())
    return tuple(spec for spec in found if spec.policy_id.get() == policy.id)
