"""What a cluster will be: its own words, and where it is silent those of its policy.

The clusters of jobs and pipelines are described, not read back from a machine. A policy fills in
what they leave out: always what it fixes, and its defaults where the description asks for them.
"""

from __future__ import annotations

from typing import Any, Final

from lakewarden.controls.kit.condition import (
    Condition,
    NotApplicable,
    all_of,
    expect,
    observe,
    unknown,
)
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policies import effective
from lakewarden.estate.compute import (
    CLUSTER_POLICIES,
    INSTANCE_TYPES,
    NODE_TYPES,
    POLICY_FAMILIES,
    Cluster,
    ClusterSpec,
    InstanceType,
)
from lakewarden.estate.fact import Cause, Fact, Gap, UnreadError
from lakewarden.estate.kind import Need
from lakewarden.estate.workloads import INSTANCE_POOLS, JobCluster, PipelineCluster
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.access_modes import Isolation, isolation
from lakewarden.semantics.instance_families import family_of, runs_on_xen

FILLED: Final[tuple[Need, ...]] = (CLUSTER_POLICIES.need(), POLICY_FAMILIES.need())
"""What must be collected to know what policies fill in."""
HARDWARE: Final[tuple[Need, ...]] = (NODE_TYPES.need(), INSTANCE_TYPES.need())
"""What must be collected to know whether machines are modern."""
MACHINES: Final[tuple[Need, ...]] = (*FILLED, *HARDWARE, INSTANCE_POOLS.need())
"""What must be collected to know the machines of a described cluster."""


_INTERACTIVE: Final = frozenset({"UI", "API"})
_PLATFORM: Final = frozenset({"JOB", "MODELS", "PIPELINE", "PIPELINE_MAINTENANCE", "SQL"})


def for_platform(cluster: Cluster, so: str) -> NotApplicable | None:
    """Return why a question for clusters that people attach to is none for a cluster.

    Args:
        cluster: the cluster.
        so: what it means that the platform made it, in words.

    Raises:
        UnreadError: nobody knows the kind of its maker.
    """
    origin = cluster.origin.get()
    if origin in _INTERACTIVE:
        return None
    if origin not in _PLATFORM:
        raise UnreadError(cluster.origin.odd(ValueError(f"{origin!r} is not a known maker")))
    evidence = Evidence(cluster.origin.source, cluster.origin.field, origin, "UI or API")
    return NotApplicable(f"made by the platform for {origin}: {so}", (evidence,))


def filled(spec: ClusterSpec, given: Fact[str | None], at: Context) -> Fact[str | None]:
    """Return a text of a cluster, or what its policy puts where it says nothing."""
    if given.get() or not isinstance(spec, JobCluster | PipelineCluster):
        return given
    policy_id = spec.policy_id.get()
    if policy_id is None:
        return given
    policy = at.estate.need(CLUSTER_POLICIES, policy_id, at.here)
    rule = effective(policy, at).rules.get(given.field, {})
    value = rule.get("value") if rule.get("type") == "fixed" else None
    if value is None and spec.fills_in.get():
        value = rule.get("defaultValue")
    return Fact.of(value and str(value), CLUSTER_POLICIES.source, f"definition: {given.field}")


def isolated(mode: Fact[str | None], single_user: str | None, spec: ClusterSpec) -> Condition:
    """Require that a cluster keeps its users apart.

    Args:
        mode: its access mode.
        single_user: whom it is dedicated to, if anybody.
        spec: the cluster.
    """
    named = mode.get()
    found = isolation(named, single_user, {} if named else spec.spark_conf.get())
    expected = "an access mode that isolates users"
    if found is Isolation.UNKNOWN:
        gap = Gap(Cause.MALFORMED, mode.source, f"{named} is not a known access mode", "")
        return unknown(gap, field=mode.field, expected=expected)
    evidence = Evidence(mode.source, mode.field, named, expected)
    told = f"access mode {named}" if named else "no access mode is set"
    return observe(found.separates, evidence, otherwise=f"{told}: {found}")


def machines_modern(spec: ClusterSpec, at: Context) -> Condition:
    """Require Nitro machines that encrypt what they send, for the workers and for the driver."""
    return all_of(
        lambda: modern("workers", _machine(spec, spec.node_type, spec.pool_id, at), at),
        lambda: modern("the driver", _driver(spec, at), at),
    )


def _machine(
    spec: ClusterSpec, given: Fact[str | None], pool: Fact[str | None], at: Context
) -> Fact[Any]:
    """Return a machine type by itself, of the pool that the machine comes from, or of the policy.

    Raises:
        UnreadError: nobody says it, so that the platform chooses.
    """
    pool_id = pool.get() if given.get() else filled(spec, pool, at).get()
    if pool_id is not None:
        return at.estate.need(INSTANCE_POOLS, pool_id, at.here).node_type
    found = filled(spec, given, at)
    if found.get() is None:
        detail = f"no {given.field}: the platform chooses the machine"
        raise UnreadError(Gap(Cause.MISSING_FIELD, given.source, detail, ""))
    return found


def _driver(spec: ClusterSpec, at: Context) -> Fact[Any]:
    """Return the driver's machine type; a driver that nobody describes is like the workers."""
    given, pool = spec.driver_node_type, spec.driver_pool_id
    if all(filled(spec, field, at).get() is None for field in (pool, given)):
        return _machine(spec, spec.node_type, spec.pool_id, at)
    return _machine(spec, given, pool, at)


def modern(role: str, field: Fact[Any], at: Context) -> Condition:
    """Require that a machine type runs on Nitro and encrypts traffic.

    Args:
        role: what the machine is for, in words.
        field: the machine type.
        at: what is known of machine types.
    """
    node_type = str(field.get())
    found = _from_aws(node_type, at)
    return all_of(
        lambda: _on_nitro(role, field, found),
        lambda: expect(
            at.estate.need(NODE_TYPES, node_type, at.here).encrypted_in_transit,
            lambda value: value,
            expected=f"true for {node_type}",
            otherwise=f"{node_type} for {role}: it sends data unencrypted",
        ),
        lambda: _encrypts(role, node_type, found),
    )


def _from_aws(node_type: str, at: Context) -> InstanceType | None:
    """Return what AWS says of a machine, None where it was not asked or does not know it."""
    try:
        return at.estate.find(INSTANCE_TYPES, node_type)
    except UnreadError:
        return None


def _on_nitro(role: str, field: Fact[Any], found: InstanceType | None) -> Condition:
    """Require a Nitro machine: by what AWS says, or else by the families known to be older."""
    node_type = str(field.get())
    expected = "a family that runs on Nitro"
    if found is None:
        modern = not runs_on_xen(node_type)
        evidence = Evidence(field.source, field.field, node_type, f"{expected}; AWS was not read")
    else:
        hypervisor = found.hypervisor
        modern = hypervisor.get() == "nitro" or found.bare_metal.get()
        evidence = Evidence(
            hypervisor.source, f"Hypervisor of {node_type}", hypervisor.get(), "nitro"
        )
    told = f"{node_type} for {role}: the family {family_of(node_type)} is not Nitro"
    return observe(modern, evidence, otherwise=told)


def _encrypts(role: str, node_type: str, found: InstanceType | None) -> Condition:
    """Require that AWS, where it was asked, says that a machine encrypts traffic."""
    if found is None:
        return Condition(met=True)
    return expect(
        found.encrypts_traffic,
        lambda value: value,
        expected=f"true for {node_type}",
        otherwise=f"{node_type} for {role}: AWS does not encrypt between such machines",
    )
