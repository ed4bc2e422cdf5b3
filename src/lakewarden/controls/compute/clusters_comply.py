"""Tightening a policy changes nothing for the clusters that exist: they run on as they were made
until somebody edits them. The platform says which clusters no longer meet their policy, and each
of them is a hole that everybody believes closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lakewarden.controls.kit.condition import Judgement, NotApplicable, expect
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
from lakewarden.controls.kit.spec_wishes import label_of
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.fact import Fact
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import POLICY_COMPLIANCE
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="clusters-comply",
    title="The cluster is what its policy asks for",
    paper=("P33",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(), POLICY_COMPLIANCE.need()),
    fix=Fix(
        "Enforce the policy on the cluster; the platform changes what it can and restarts it.",
        console="Compute, Policies, the policy, Compliance: choose the cluster and Fix all.",
        api='POST /api/2.0/policies/clusters/enforce-compliance {"cluster_id": "..."}; with '
        '"validate_only": true it tells first what it would change.',
        terraform="databricks_cluster: change the arguments that break the rules, and apply.",
        breaks="The cluster restarts, and what relied on the setting that the policy forbids stops "
        "working.",
        no_terraform="No resource enforces a policy; change the arguments of databricks_cluster "
        "that break its rules.",
    ),
    maps=(
        *also(
            "finds clusters that no longer are what their policy allows",
            Relation.SUBSET,
            nist="CM-2 CM-6 CM-6(1)",
            soc2="CC7.1",
            pci="2.2",
            iso="A.5.36 A.8.9",
            ccm="CCC-04 CCC-07",
        ),
        *also("leaves no cluster on which loosened protections live on unseen", attack="T1562"),
    ),
)


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """The platform finds no rule of its policy broken."""
    if cluster.policy_id.get() is None:
        evidence = Evidence(cluster.policy_id.source, cluster.policy_id.field, None, "a policy")
        return NotApplicable("no policy binds it", (evidence,))
    found = at.estate.need(POLICY_COMPLIANCE, cluster.id, at.here)
    return expect(
        found.compliant,
        lambda value: value,
        expected="true",
        otherwise=f"its policy is broken: {_told(found.violations)}",
    )


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Have the platform change what breaks the rules."""
    yield Wish(
        Target("cluster_compliance", scope_of(at.here), cluster.id),
        label_of(cluster),
        {"/is_compliant": False},
        {"/is_compliant": True},
        follows=(Target("cluster", scope_of(at.here), cluster.id),),
        irreversible="the platform chooses the new values and keeps none of the old ones",
        restart="nothing more: a cluster that runs restarts as soon as it is changed",
    )


def _told(violations: Fact[Mapping[str, str]]) -> str:
    """Return the attributes that break rules, as far as they are known."""
    known = {} if violations.gap else violations.get()
    return ", ".join(sorted(known)) or "the platform does not say where"


def _cluster(
    *, compliant: bool | None = True, policy: str | None = "p1", **answer: Any
) -> MemorySnapshot:
    cluster = {"cluster_id": "c1", "cluster_name": "shared", "policy_id": policy}
    row = {"cluster_id": "c1", "is_compliant": compliant, **answer}
    return given(clusters=[cluster], policy_compliance=[row])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("compliant", _cluster())
    broken: dict[str, Any] = {"violations": {"autotermination_minutes": "must be at most 60"}}
    yield fails("idle for too long", _cluster(compliant=False, **broken))
    yield fails("without a reason", _cluster(compliant=False))
    yield exempt("no policy", _cluster(policy=None))
    yield unclear("the answer does not say", _cluster(compliant=None))
    clusters = [{"cluster_id": "c1", "policy_id": "p1"}]
    yield unclear("not on the list", given(clusters=clusters, policy_compliance=[]))
    yield unclear("nobody may look", given(clusters=clusters, policy_compliance=refused()))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("there are no clusters", given(clusters=[]))
