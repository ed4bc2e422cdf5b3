"""People who make clusters under a policy take the machines that it offers, mostly the cheapest.
One older type on the list is enough for a cluster whose nodes send data to each other in the
clear, and the driver counts as much as the workers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Judgement, holds, observe, unknown
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
from lakewarden.controls.kit.rule_wishes import Edit, forbidden, narrowed, rule_wish
from lakewarden.controls.kit.spec_wishes import modern_like
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.estate.compute import (
    CLUSTER_POLICIES,
    INSTANCE_TYPES,
    NODE_TYPES,
    ClusterPolicy,
    NodeType,
)
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import refused
from lakewarden.estate.workloads import INSTANCE_POOLS, InstancePool
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError
from lakewarden.semantics.instance_families import runs_on_xen

CONTROL = Control(
    id="policies-allow-nitro-only",
    title="The cluster policy offers Nitro machines that encrypt traffic, and no others",
    paper=("P25", "P33"),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=(*NEEDS, NODE_TYPES.need(), INSTANCE_POOLS.need()),
    fix=Fix(
        "Replace the rules for node_type_id and driver_node_type_id by allowlists of node types "
        "with is_encrypted_in_transit.",
        console="Compute, Policies, the policy, Edit: change the two rules in its definition.",
        api='POST /api/2.0/policies/clusters/edit with "node_type_id": {"type": "allowlist", '
        '"values": ["m6id.large"]} and its like for the driver in the definition.',
        terraform="databricks_cluster_policy: the same rules, within definition = jsonencode().",
        breaks="Clusters of the types that go off the lists cannot be edited, and jobs that name "
        "them fail.",
    ),
    maps=(
        *also(
            "offers users no machines that send data to each other in the clear",
            Relation.SUBSET,
            nist="CM-6 SC-8 SC-8(1)",
            soc2="CC6.7",
            pci="2.2",
            hipaa="164.312(e)(1) 164.312(e)(2)(ii)",
            iso="A.8.9 A.8.24",
            ccm="CEK-03 DSP-10",
        ),
        *also(
            "leaves a listener nothing to read between nodes of what users make",
            cis_databricks="2.1.3",
            dasf="DASF-9",
            attack="T1040",
        ),
    ),
    plans_with=(INSTANCE_TYPES.need(),),
)

_PATHS: Final = ("node_type_id", "driver_node_type_id")
_POOLS: Final = ("instance_pool_id", "driver_instance_pool_id")


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """No type that goes through the rules is an old one; admins alone may choose."""
    roles = zip(_PATHS, _POOLS, strict=True)
    return unless_for_admins(
        policy,
        at,
        *(lambda p=path: _offers(policy, p, at) for path in _PATHS),
        *(lambda p=path, o=pool: _pools(policy, p, o, at) for path, pool in roles),
    )


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish]:
    """Strike off old machines, and pools of them; offer the like where none is left."""
    edits: dict[str, Edit] = {}
    rules = effective(policy, at)
    for path, pool in zip(_PATHS, _POOLS, strict=True):
        shut = rules.rules.get(pool, {}).get("type") == "forbidden"
        if _pools(policy, path, pool, at).met is False:
            pools = at.estate.of(INSTANCE_POOLS, at.here).each()
            modern = [p.id for p in pools if _modern(p, at) and _accepts(rules, pool, p.id)]
            edits[pool] = narrowed(modern, optional=True) if modern else forbidden
            shut = not modern
        if _offers(policy, path, at).met is False:
            needed = shut and path == _PATHS[0]
            edits[path] = _struck(path, rules, at, optional=not needed)
    yield rule_wish(policy, at, edits)


def _struck(path: str, rules: Definition, at: Context, *, optional: bool) -> Edit:
    """Return the edit that leaves modern machines, and for workers without pools insists on one."""
    nodes = tuple(at.estate.of(NODE_TYPES, at.here).each())
    good = [node.id for node in nodes if _encrypts(node) and not node.retired.get()]
    named = rules.listed(path)
    left = [name for name in named or good if name in good and _accepts(rules, path, name)]
    free = Definition({})
    if not left:
        left = [modern_like(name, path, free, at) for name in named]
        if not left:
            raise CannotPlanError(f"{path} lets no machine through that encrypts traffic")
        return lambda _: narrowed(left, left[0])({})
    usual = rules.rules.get(path, {}).get("defaultValue", "")
    like = modern_like(usual, path, free, at) if usual and usual not in good else ""
    return narrowed(left, like, optional=optional)


def _offers(policy: ClusterPolicy, path: str, at: Context) -> Condition:
    """Require that the machines which a policy offers for one role encrypt traffic."""
    rules = effective(policy, at)
    named = rules.listed(path)
    old = [name for name in named if runs_on_xen(name)]
    if not old:
        types = list(at.estate.of(NODE_TYPES, at.here).each())
        old = [n.id for n in types if _accepts(rules, path, n.id) and not _encrypts(n)]
        if not old:
            odd = sorted(set(named) - {node.id for node in types})
            if odd or not types:
                detail = f"the list of machines lacks {', '.join(odd) or 'all'}"
                return unknown(NODE_TYPES.gap(Cause.NOT_FOUND, detail), field=path)
    evidence = shown(rules, path, "Nitro machines that encrypt traffic alone")
    return observe(not old, evidence, otherwise=f"{path} may be {_some(old)}")


def _pools(policy: ClusterPolicy, path: str, pool_path: str, at: Context) -> Condition:
    """Require the same of the pools that machines may come from when no type is given."""
    rules = effective(policy, at)
    if not rules.leaves_pools(path, pool_path):
        return holds()
    old = [
        f"{pool.id} of {pool.node_type.get()}"
        for pool in at.estate.of(INSTANCE_POOLS, at.here).each()
        if _accepts(rules, pool_path, pool.id) and not _modern(pool, at)
    ]
    evidence = shown(rules, pool_path, "pools of Nitro machines that encrypt traffic alone")
    return observe(not old, evidence, otherwise=f"{pool_path} may be {_some(old)}")


def _accepts(rules: Definition, path: str, value: str) -> bool:
    """Return whether a value goes through a rule.

    Raises:
        UnreadError: the rule makes no sense.
    """
    try:
        return rules.accepts(path, value)
    except MalformedDefinitionError as error:
        raise UnreadError(CLUSTER_POLICIES.gap(Cause.MALFORMED, str(error))) from None


def _modern(pool: InstancePool, at: Context) -> bool:
    node_type = pool.node_type.get()
    if runs_on_xen(node_type):
        return False
    return _encrypts(at.estate.need(NODE_TYPES, node_type, at.here))


def _encrypts(node: NodeType) -> bool:
    return node.encrypted_in_transit.get() and not runs_on_xen(node.id)


def _some(names: list[str]) -> str:
    """Return a few names in words."""
    more = len(names) - _MOST
    return ", ".join(sorted(names)[:_MOST]) + (f" and {more} more" if more > 0 else "")


_MOST: Final = 3


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    types = [
        {"node_type_id": "m6id.large", "is_encrypted_in_transit": True},
        {"node_type_id": "m5d.large", "is_encrypted_in_transit": False},
        {"node_type_id": "i3.xlarge", "is_encrypted_in_transit": True},
    ]
    kinds: dict[str, Any] = {"node_types": types, "instance_pools": []}

    def of(workers: Any, driver: Any = None) -> dict[str, Any]:
        return {_PATHS[0]: workers, _PATHS[1]: driver or workers}

    good = {"type": "fixed", "value": "m6id.large"}
    yield passes("one that encrypts", policy_with(of(good), **kinds))
    yield passes("a driver like the workers", policy_with(of(good, {"type": "forbidden"}), **kinds))
    yield passes("a pattern", policy_with(of({"type": "regex", "pattern": "m6id.*"}), **kinds))
    listed = {"type": "allowlist", "values": ["m6id.large", "m5d.large"]}
    yield fails("one of two sends in the clear", policy_with(of(listed), **kinds))
    yield fails("the driver alone", policy_with(of(good, listed), **kinds))
    yield fails("nothing said of the driver", policy_with({_PATHS[0]: good}, **kinds))
    yield fails(
        "too wide a pattern", policy_with(of({"type": "regex", "pattern": "[mi].*"}), **kinds)
    )
    yield fails(
        "all but one", policy_with(of({"type": "blocklist", "values": ["i3.xlarge"]}), **kinds)
    )
    xen = of({"type": "fixed", "value": "r4.large"})
    yield fails("Xen, with node types unread", policy_with(xen, node_types=refused()))
    yield unclear(
        "a pattern that is none", policy_with(of({"type": "regex", "pattern": "(m"}), **kinds)
    )
    yield unclear("node types may not be listed", policy_with(of(good), node_types=refused()))
    new = of({"type": "fixed", "value": "x9.large"})
    yield unclear("a type that is not listed", policy_with(new, **kinds))
    yield unclear("no type is listed", policy_with(of(good), node_types=[]))
    for title, node, example in (("Xen", "i3.xlarge", fails), ("Nitro", "m6id.large", passes)):
        pools = [{"instance_pool_id": "p1", "instance_pool_name": "x", "node_type_id": node}]
        pooled = of({"type": "forbidden"}) | {"instance_pool_id": {"type": "fixed", "value": "p1"}}
        lone = policy_with(pooled, node_types=types, instance_pools=pools)
        yield example(f"a pool of {title} machines alone", lone)
        either = of({**good, "isOptional": True})
        yield example(
            f"a type, or a pool of {title} machines",
            policy_with(either, node_types=types, instance_pools=pools),
        )
    unread = policy_with(of({"type": "forbidden"}), node_types=types, instance_pools=refused())
    yield unclear("pools may not be listed", unread)
    yield from usual_examples(of(good), of(listed), **kinds)
