"""A policy bounds each cluster, and whoever may use it can still make one after another. Without a
limit on clusters per user one stolen login mines coins on as many machines as the quota of the
account allows, and the bill arrives before anybody looks.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.condition import Judgement, expect
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
from lakewarden.controls.kit.policies import policy_with, unless_for_admins
from lakewarden.controls.kit.rule_wishes import policy_wish
from lakewarden.controls.kit.subjects import CLUSTER_POLICY
from lakewarden.estate.compute import CLUSTER_POLICIES, ClusterPolicy
from lakewarden.estate.given import refused
from lakewarden.estate.workloads import POLICY_PERMISSIONS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="policies-limit-clusters",
    title="The cluster policy limits how many clusters each user may have",
    paper=("P33",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=CLUSTER_POLICY,
    needs=(CLUSTER_POLICIES.need(), POLICY_PERMISSIONS.need()),
    fix=Fix(
        "Set the maximum of compute resources per user on every policy that people may use.",
        console="Compute, Policies, the policy, Edit: fill in Max compute resources per user.",
        api="POST /api/2.0/policies/clusters/edit with the whole policy and "
        '"max_clusters_per_user": 2.',
        terraform="databricks_cluster_policy: max_clusters_per_user = 2.",
        breaks="People, and service principals that run many jobs at once, are refused clusters "
        "beyond the limit.",
    ),
    limits=("clusters_per_user",),
    maps=(
        *also(
            "caps how many clusters each user may have",
            Relation.SUBSET,
            nist="CM-6 SC-5",
            soc2="CC5.2",
            iso="A.8.6 A.8.9",
            ccm="IVS-02",
        ),
        *also("leaves a stolen login few machines to mine coins on", attack="T1496 T1578.002"),
    ),
)


@CONTROL.check
def check(policy: ClusterPolicy, at: Context) -> Judgement:
    """The policy sets a limit for each user; admins alone may do without."""
    most = at.policy.limits.clusters_per_user
    limit = expect(
        policy.max_clusters_per_user,
        lambda value: value is not None and 1 <= value <= most,
        expected=f"1 to {most}",
        otherwise="each user may have any number of clusters at a time"
        if _unset(policy)
        else f"each user may have {{value}} clusters at a time, more than {most}",
    )
    return unless_for_admins(policy, at, limit)


@CONTROL.mends
def mend(policy: ClusterPolicy, at: Context) -> Iterable[Wish]:
    """Set as many as are allowed."""
    place = f"/{policy.max_clusters_per_user.field}"
    before, after = policy.max_clusters_per_user.get(), at.policy.limits.clusters_per_user
    yield policy_wish(policy, at, {place: before}, {place: after})


def _unset(policy: ClusterPolicy) -> bool:
    fact = policy.max_clusters_per_user
    return fact.gap is None and not fact.get()


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("two", policy_with({}, max_clusters_per_user=2))
    yield passes("as many as are allowed", policy_with({}, max_clusters_per_user=20))
    yield fails("one more", policy_with({}, max_clusters_per_user=21))
    more = Policy(thresholds={"clusters_per_user": 21})
    yield passes("a higher limit", policy_with({}, max_clusters_per_user=21), more)
    yield fails("no limit", policy_with({}))
    yield fails("zero, which is no limit", policy_with({}, max_clusters_per_user=0))
    yield passes("only admins may use it", policy_with({}, user="admins"))
    yield unclear("nobody says who may use it", policy_with({}, policy_permissions=refused()))
    yield unclear("a text for a number", policy_with({}, max_clusters_per_user="many"))
    yield unclear("policies may not be listed", policy_with({}, cluster_policies=refused()))
    yield exempt("there are no policies", policy_with({}, cluster_policies=[]))
