"""A cluster that never stops keeps what its users left in it: open connections, cached data,
processes that somebody started and nobody remembers. It also misses the fixes that come with each
restart, and costs money all night.
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
from lakewarden.controls.kit.spec_wishes import rules_over, spec_wish
from lakewarden.controls.kit.specs import FILLED, for_platform
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="clusters-terminate",
    title="The cluster stops when nobody uses it",
    paper=("P33",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(),),
    fix=Fix(
        "Let the cluster terminate after a time of inactivity, and bound that time in the policies "
        "from which clusters are made.",
        console="Compute, the cluster, Edit: tick Terminate after and fill in the minutes.",
        api='POST /api/2.1/clusters/update {"cluster_id": "...", "update_mask": '
        '"autotermination_minutes", "cluster": {"autotermination_minutes": 60}}',
        terraform="databricks_cluster: autotermination_minutes = 60.",
        breaks="Streams and services that run in a notebook end with the cluster; they belong into "
        "jobs. State in memory is lost.",
    ),
    limits=("autotermination_minutes",),
    maps=(
        *also(
            "ends machines, and the sessions on them, when nobody works there",
            Relation.SUBSET,
            nist="AC-12 CM-7",
            soc2="CC5.2",
            iso="A.8.6 A.8.9",
            ccm="IVS-02",
        ),
        *also(
            "leaves fewer idle machines to misuse at hours when nobody looks",
            soc2="CC6.8",
            attack="T1496",
        ),
    ),
    plans_with=FILLED,
)


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """A cluster that people attach to has an idle time, and one within the limit."""
    excused = for_platform(cluster, "it ends with its work")
    if excused is not None:
        return excused
    most = at.policy.limits.autotermination_minutes
    never = cluster.idle_minutes.gap is None and cluster.idle_minutes.get() == 0
    return expect(
        cluster.idle_minutes,
        lambda minutes: 1 <= minutes <= most,
        expected=f"1 to {most}",
        otherwise="it never stops by itself" if never else "it may idle for {value} minutes",
    )


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Let it idle for as long as is allowed, or for as long as its policy says."""
    most = at.policy.limits.autotermination_minutes
    minutes = rules_over(cluster, at).longest_idle(most)
    if minutes is None:
        raise CannotPlanError("its policy allows no such time: change the policy first")
    place = f"/{cluster.idle_minutes.field}"
    yield spec_wish(cluster, at, {place: cluster.idle_minutes.get()}, {place: minutes})


def _cluster(minutes: int | None, origin: str | None = "UI") -> MemorySnapshot:
    cluster = {"cluster_id": "c1", "cluster_name": "shared", "cluster_source": origin}
    return given(clusters=[{**cluster, "autotermination_minutes": minutes}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("after as long as is allowed", _cluster(120))
    yield fails("a minute later", _cluster(121))
    yield passes(
        "a longer limit", _cluster(121), Policy(thresholds={"autotermination_minutes": 121})
    )
    yield fails("never", _cluster(0, "API"))
    yield exempt("a job's own cluster", _cluster(0, "JOB"))
    yield unclear("the answer does not say", _cluster(None))
    yield unclear("a maker from the future", _cluster(0, "QUANTUM"))
    yield unclear("nobody says who made it", _cluster(0, None))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("there are no clusters", given(clusters=[]))
