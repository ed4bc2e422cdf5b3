"""A cluster gets the patches of its machine image only when it starts. One that has been running
for months has months of known holes, and gives whoever slipped something onto its machines months
of undisturbed work.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from lakewarden.clock import from_millis
from lakewarden.controls.kit.condition import Condition, Judgement, any_of, expect, unknown
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
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="clusters-restarted",
    title="The cluster is not running, or was restarted lately",
    paper=("P17",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(),),
    fix=Fix(
        "Restart the cluster at a quiet hour, and let it terminate when it is idle; automatic "
        "cluster update restarts what never becomes idle.",
        console="Compute, the cluster, Restart; Workspace settings, Automatic cluster update.",
        api='POST /api/2.1/clusters/restart {"cluster_id": "..."}',
        terraform="databricks_cluster with autotermination_minutes; "
        "databricks_automatic_cluster_update_workspace_setting for all of them.",
        breaks="What runs on the cluster is interrupted, and its variables and temporary files are "
        "lost.",
        no_terraform="A restart is an act and no state, so that no resource holds it.",
    ),
    limits=("cluster_days",),
    maps=(
        *also(
            "brings fixed images under clusters, which get them only at a start",
            Relation.SUBSET,
            nist="SI-2",
            soc2="CC7.1",
            pci="6.3.3",
            iso="A.8.8",
            ccm="IVS-04 TVM-03",
        ),
        *also(
            "ends with the old machines the work of what was slipped onto them",
            nist="SI-3",
            hipaa="164.308(a)(5)(ii)(B)",
            attack="T1496",
        ),
        *also(
            "wants running clusters restarted within as many days, unless told otherwise",
            sat="GOV-4",
        ),
    ),
)

_STOPPED: Final = frozenset({"TERMINATED", "TERMINATING", "ERROR"})
_RESTARTING: Final = ("cluster", "cluster_compliance")
"""Changes of a cluster by which it restarts."""
_DAY: Final = 86_400_000


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """It is stopped, or started within the allowed time."""
    return any_of(
        expect(
            cluster.state,
            lambda state: state in _STOPPED,
            expected=" or ".join(sorted(_STOPPED)),
            otherwise="it is {value}",
        ),
        lambda: _lately(cluster, at),
    )


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Restart it, unless another change of it did so before."""
    began = cluster.restarted.get() or cluster.started.get()
    scope = scope_of(at.here)
    yield Wish(
        Target("cluster_restart", scope, cluster.id),
        label_of(cluster),
        {"/running_since": began},
        {"/running_since": int(at.now.timestamp() * 1000)},
        follows=tuple(Target(kind, scope, cluster.id) for kind in _RESTARTING),
        irreversible="what ran on the cluster is interrupted, and its memory is lost",
    )


def _lately(cluster: Cluster, at: Context) -> Condition:
    days = at.policy.limits.cluster_days
    restarted = cluster.restarted
    fact = cluster.started if restarted.gap is None and restarted.get() is None else restarted
    if fact.gap is None and fact.get() is None:
        gap = CLUSTERS.gap(Cause.MISSING_FIELD, "no start_time in the answer")
        return unknown(gap, field="start_time", expected=f"within {days} days")
    began = fact.parsed(lambda millis: from_millis(millis or 0))
    return expect(
        fact,
        lambda _: at.now - began <= timedelta(days=days),
        expected=f"within {days} days",
        otherwise=f"and was started on {began.date()}, more than {days} days ago",
    )


_NOW: Final = 1_767_225_600_000
"""When the examples are judged, in Unix ms."""


def _cluster(age: float | None, **changes: Any) -> MemorySnapshot:
    began = None if age is None else _NOW - int(age * _DAY)
    item = {"cluster_id": "c", "cluster_name": "etl", "state": "RUNNING", "start_time": began}
    return given(clusters=[{**item, **changes}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show both sides of the limit, and what is not known."""
    yield passes("24 days to the second", _cluster(24))
    yield fails("a little longer", _cluster(24.001))
    yield passes("old, and stopped", _cluster(400, state="TERMINATED"))
    yield passes("old, and restarted", _cluster(400, last_restarted_time=_NOW - _DAY))
    yield fails("restarted, long ago", _cluster(400, last_restarted_time=_NOW - 99 * _DAY))
    yield fails("resizing is running", _cluster(99, state="RESIZING"))
    longer = Policy(thresholds={"cluster_days": 90})
    yield passes("a longer limit", _cluster(89), longer)
    yield unclear("when it started is missing", _cluster(None))
    yield passes("stopped, whenever it started", _cluster(None, state="TERMINATED"))
    yield unclear("started at no time", _cluster(None, start_time=10**30))
    yield unclear("old, and its state is missing", _cluster(99, state=None))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("there are no clusters", given(clusters=[]))
