"""Cluster policies: what they say in the end, and whether anybody but admins may use them.

A policy that only admins may use binds nobody, as admins may do without. So a policy is right when
its rules are, or when it is offered to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Lazy, all_of, any_of, observe
from lakewarden.controls.kit.control import Context, Example, exempt, passes, unclear
from lakewarden.estate.access import Grantee
from lakewarden.estate.compute import CLUSTER_POLICIES, POLICY_FAMILIES, ClusterPolicy
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.kind import Need
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import POLICY_PERMISSIONS
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError, parse

NEEDS: Final[tuple[Need, ...]] = (
    CLUSTER_POLICIES.need(),
    POLICY_FAMILIES.need(),
    POLICY_PERMISSIONS.need(),
)
"""What must be collected to judge the policies that people may use."""

_ADMINS: Final = "admins"


def effective(policy: ClusterPolicy, at: Context) -> Definition:
    """Return a policy's own rules, or its overrides laid over the rules of its family.

    Raises:
        UnreadError: they are not known, or make no sense.
    """
    try:
        return _rules(policy, at)
    except MalformedDefinitionError as error:
        raise UnreadError(CLUSTER_POLICIES.gap(Cause.MALFORMED, str(error))) from None


def _rules(policy: ClusterPolicy, at: Context) -> Definition:
    family_id = policy.family_id.get()
    if family_id is not None:
        family = at.estate.need(POLICY_FAMILIES, family_id, at.here)
        return parse(policy.overrides.get()).over(parse(family.definition.get()))
    definition = policy.definition.get()
    if definition is None:
        detail = "a policy with neither a definition nor a family"
        raise UnreadError(CLUSTER_POLICIES.gap(Cause.MISSING_FIELD, detail))
    return parse(definition)


def shown(rules: Definition, path: str, expected: str) -> Evidence:
    """Return the rule on an attribute as evidence."""
    rule = rules.rules.get(path)
    text = json.dumps(rule, sort_keys=True) if rule else "no rule"
    return Evidence(CLUSTER_POLICIES.source, f"definition: {path}", text, expected)


def unless_for_admins(policy: ClusterPolicy, at: Context, *conditions: Lazy) -> Condition:
    """Require conditions of a policy, unless nobody but admins may use it."""
    return any_of(lambda: all_of(*conditions), lambda: _for_admins(policy, at))


def _for_admins(policy: ClusterPolicy, at: Context) -> Condition:
    acl = at.estate.need(POLICY_PERMISSIONS, policy.id, at.here).acl
    others = sorted({grantee.name for grantee in acl.get() if not _is_admins(grantee)})
    evidence = Evidence(acl.source, acl.field, others, "admins alone, or rules that bind")
    return observe(not others, evidence, otherwise=f"{', '.join(others)} may use the policy")


def _is_admins(grantee: Grantee) -> bool:
    return grantee.group_name == _ADMINS


def policy_with(
    rules: Mapping[str, Any] | str | None, user: str = "analysts", **kinds: Any
) -> MemorySnapshot:
    """Return an estate with one policy, for examples.

    Args:
        rules: its definition, as rules or as text.
        user: the group that may use it, besides admins.
        kinds: further collections, and fields of the policy that no collection is named after.
    """
    fields = {name: kinds.pop(name) for name in ("max_clusters_per_user",) if name in kinds}
    text = json.dumps(rules) if isinstance(rules, Mapping) else rules
    policy = {"policy_id": "p1", "name": "team", "definition": text, **fields}
    users = [{"group_name": name, "all_permissions": _USE} for name in (_ADMINS, user)]
    acl = [{"id": "p1", "name": "team", "access_control_list": users}]
    standing: dict[str, Items] = {
        "cluster_policies": [policy],
        "policy_families": [],
        "policy_permissions": acl,
    }
    return given(**{**standing, **kinds})


_USE: Final = [{"permission_level": "CAN_USE"}]


def usual_examples(
    good: Mapping[str, Any], bad: Mapping[str, Any], **kinds: Any
) -> Iterable[Example]:
    """Yield what is alike for every control that judges the policies that people may use.

    Args:
        good: rules that pass.
        bad: rules that fail when anybody may use the policy.
        kinds: collections that the control needs besides.
    """
    yield passes("only admins may use it", policy_with(bad, user=_ADMINS, **kinds))
    unread = {"policy_permissions": refused(), **kinds}
    yield passes("nobody says who may use it, but it binds", policy_with(good, **unread))
    yield unclear("nobody says who may use it", policy_with(bad, **unread))
    yield unclear("a definition that is no JSON", policy_with("{", **kinds))
    yield unclear("no definition in the answer", policy_with(None, **kinds))
    own = {"policy_id": "p1", "name": "team", "policy_family_id": "shared-compute"}
    family = {"policy_family_id": "shared-compute", "definition": json.dumps(good)}
    heir = {**kinds, "cluster_policies": [own]}
    yield passes("a family that binds", policy_with(None, policy_families=[family], **heir))
    yield unclear("the family is not known", policy_with(None, policy_families=refused(), **heir))
    yield unclear(
        "policies may not be listed", policy_with({}, cluster_policies=refused(), **kinds)
    )
    yield exempt("there are no policies", policy_with({}, cluster_policies=[], **kinds))
