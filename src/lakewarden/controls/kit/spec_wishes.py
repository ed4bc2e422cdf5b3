"""Wishes about clusters: one that exists, and one that a job or a pipeline describes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policies import effective
from lakewarden.controls.kit.specs import FILLED, modern
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.compute import (
    CLUSTER_POLICIES,
    NODE_TYPES,
    Cluster,
    ClusterSpec,
    NodeType,
)
from lakewarden.estate.fact import Cause, Fact, UnreadError
from lakewarden.estate.workloads import JobCluster, PipelineCluster
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.semantics.cluster_policy import Definition, MalformedDefinitionError

_RESTART: Final = "nothing more: a cluster that runs restarts as soon as it is changed"
_UNRULY: Final = "its policy lets it no longer be as it was"
_ONE_WAY: Final = "the workspace lets nobody make clusters without isolation any more"
ISOLATING: Final = (*FILLED, WORKSPACE_CONF.need("enforceUserIsolation"))
"""What must be collected to plan another access mode."""


def label_of(spec: ClusterSpec) -> str:
    """Return what people call a cluster, or the job or pipeline that describes it."""
    if isinstance(spec, JobCluster | PipelineCluster):
        owner = str(spec.job_id) if isinstance(spec, JobCluster) else spec.pipeline_id
        return owner if spec.name.gap else spec.name.get().removesuffix(f", {spec.part}")
    if isinstance(spec, Cluster):
        return spec.id if spec.name.gap else spec.name.get()
    raise TypeError(f"no plan changes a {type(spec).__name__}")


def spec_wish(
    spec: ClusterSpec, at: Context, before: dict[str, Any], after: dict[str, Any]
) -> Wish:
    """Wish for other values of attributes of a cluster, by the paths within its description.

    Args:
        spec: the cluster.
        at: the context.
        before: what it has at each of the paths.
        after: what it should have.

    Raises:
        UnreadError: its policy is not known.
    """
    target, prefix = _place(spec, at)
    restart = _RESTART if isinstance(spec, Cluster) else ""
    old = {prefix + place: value for place, value in before.items()}
    new = {prefix + place: value for place, value in after.items()}
    lost = _UNRULY if not _stand(spec, at, before) else ""
    return Wish(target, label_of(spec), old, new, restart=restart, irreversible=lost)


def _stand(spec: ClusterSpec, at: Context, values: dict[str, Any]) -> bool:
    """Return whether the policy of a cluster would let it have some values again."""
    rules = rules_over(spec, at)
    names = {place: ".".join(place.split("/")[1:]) for place in values}
    try:
        return all(rules.stands(names[place], value) for place, value in values.items())
    except MalformedDefinitionError as error:
        raise UnreadError(CLUSTER_POLICIES.gap(Cause.MALFORMED, str(error))) from None


def _place(spec: ClusterSpec, at: Context) -> tuple[Target, str]:
    """Return what holds a cluster, and the path of its description there."""
    scope = scope_of(at.workspace)
    if isinstance(spec, Cluster):
        return Target("cluster", scope, spec.id), ""
    if isinstance(spec, PipelineCluster):
        where = path("spec", "clusters", f"[label={spec.part}]")
        return Target("pipeline", scope, spec.pipeline_id), where
    if isinstance(spec, JobCluster):
        where = path("settings", *_steps(spec.part), "new_cluster")
        return Target("job", scope, str(spec.job_id)), where
    raise TypeError(f"no plan changes a {type(spec).__name__}")


def _steps(part: str) -> Iterable[str]:
    """Return the way to a part of a job: `cluster main`, `task load`, `task all/one`."""
    kind, _, name = part.partition(" ")
    if kind == "task":
        outer, _, inner = name.partition("/")
        yield from ("tasks", f"[task_key={outer}]")
        yield from ("for_each_task", "task") if inner else ()
    elif name:
        yield from ("job_clusters", f"[job_cluster_key={name}]")


def rules_over(spec: ClusterSpec, at: Context) -> Definition:
    """Return the rules of a cluster's policy; none where it has no policy.

    Raises:
        UnreadError: they are not known.
    """
    policy_id = spec.policy_id.get()
    if policy_id is None:
        return Definition({})
    return effective(at.estate.need(CLUSTER_POLICIES, policy_id, at.here), at)


def goes(rules: Definition, name: str, value: str) -> bool:
    """Return whether a value goes through the rules of a policy.

    Raises:
        UnreadError: the rule makes no sense.
    """
    try:
        return rules.accepts(name, value)
    except MalformedDefinitionError as error:
        raise UnreadError(CLUSTER_POLICIES.gap(Cause.MALFORMED, str(error))) from None


def first_that_goes(spec: ClusterSpec, name: str, values: Iterable[str], at: Context) -> str:
    """Return the first of some values that the policy of a cluster lets through.

    Raises:
        UnreadError: its policy is not known.
        CannotPlanError: it lets none of them through.
    """
    rules = rules_over(spec, at)
    wanted = tuple(values)
    for value in wanted:
        if goes(rules, name, value):
            return value
    raise CannotPlanError(
        f"its policy lets {name} be none of {', '.join(wanted)}: change the policy first"
    )


def isolated_wish(spec: ClusterSpec, at: Context, modes: Iterable[str]) -> Wish:
    """Wish for the first of some access modes that the policy of a cluster lets through.

    Where the workspace lets no cluster without isolation be made, there is no way back to one.

    Raises:
        UnreadError: the policy is not known, or whether the workspace insists.
        CannotPlanError: the policy lets none of them through.
    """
    place = f"/{spec.access_mode.field}"
    mode = first_that_goes(spec, spec.access_mode.field, modes, at)
    wish = spec_wish(spec, at, {place: spec.access_mode.get()}, {place: mode})
    insists = at.estate.conf(at.here, "enforceUserIsolation").get() == "true"
    return replace(wish, irreversible=_ONE_WAY if insists else wish.irreversible)


def modern_machines(spec: ClusterSpec, at: Context) -> Iterable[Wish]:
    """Wish for machines of the same shape that encrypt, where a description names others.

    Raises:
        UnreadError: machines, or the policy, are not known.
        CannotPlanError: the machines come from a pool or from the policy, or there are none alike.
    """
    if spec.pool_id.get() or spec.driver_pool_id.get():
        raise CannotPlanError(
            "its machines come from a pool, whose machines cannot be changed: make another pool"
        )
    rules, before, after = rules_over(spec, at), {}, {}
    for fact in (spec.node_type, spec.driver_node_type):
        name = fact.get()
        if name is not None and modern(fact.field, fact, at).met is False:
            before[f"/{fact.field}"] = name
            after[f"/{fact.field}"] = modern_like(name, fact.field, rules, at)
    if not after:
        raise CannotPlanError("its policy chooses the machines: change the policy first")
    yield spec_wish(spec, at, before, after)


def modern_like(name: str, field: str, rules: Definition, at: Context) -> str:
    """Return the machine that is most like another, and encrypts; never a smaller one.

    Args:
        name: the other machine.
        field: the attribute that it is for, as policies call it.
        rules: the policy, which must let it through.
        at: the context.

    Raises:
        UnreadError: a machine is not known.
        CannotPlanError: there is none.
    """
    nodes = tuple(at.estate.of(NODE_TYPES, at.here).each())
    old = next((node for node in nodes if node.id == name), None)
    if old is None:
        raise CannotPlanError(f"{name} is no machine on offer, so that none can be called like it")
    fit = [n for n in nodes if _is_like(n, old) and goes(rules, field, n.id) and _is_modern(n, at)]
    if not fit:
        raise CannotPlanError(
            f"no machine on offer encrypts and is like {name}, or its policy allows none"
        )
    return min(fit, key=lambda node: _distance(node, old)).id


def _is_modern(node: NodeType, at: Context) -> bool:
    fact: Fact[str | None] = Fact.of(node.id, NODE_TYPES.source, "node_type_id")
    return modern(node.id, fact, at).met is True


def _is_like(node: NodeType, old: NodeType) -> bool:
    """Return whether a machine can do what another does: the same programs, and as much."""
    return (
        not node.retired.get()
        and node.on_arm.get() == old.on_arm.get()
        and bool(node.gpus.get()) == bool(old.gpus.get())
        and node.gpus.get() >= old.gpus.get()
        and node.cores.get() >= old.cores.get()
        and node.memory_mb.get() >= old.memory_mb.get()
        and (_has_disks(node) or not _has_disks(old))
    )


def _has_disks(node: NodeType) -> bool:
    return bool(node.disks.get() or node.nvme_disks.get())


def _distance(node: NodeType, old: NodeType) -> tuple[Any, ...]:
    return (
        node.category.get() != old.category.get(),
        node.cores.get(),
        node.memory_mb.get(),
        node.gpus.get(),
        _has_disks(node) != _has_disks(old),
        node.id,
    )
