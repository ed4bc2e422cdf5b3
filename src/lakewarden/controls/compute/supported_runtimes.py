"""A runtime that is no longer on offer gets no fixes, for Spark, for the driver or for the
libraries that come with it. A cluster that still runs it keeps every hole that was found since
open, to anybody who gets code onto it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement
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
from lakewarden.controls.kit.runtimes import newest_like, on_offer
from lakewarden.controls.kit.spec_wishes import goes, rules_over, spec_wish
from lakewarden.controls.kit.specs import FILLED
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import RUNTIMES
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="supported-runtimes",
    title="The cluster runs a supported runtime",
    paper=("P33",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(), RUNTIMES.need()),
    fix=Fix(
        "Move it to a runtime with long-term support that is on offer today, and bound the runtime "
        "in the policy.",
        console="Compute, the cluster, Edit: choose a supported version under Databricks runtime.",
        api='POST /api/2.1/clusters/update {"cluster_id": "...", "update_mask": "spark_version", '
        '"cluster": {"spark_version": "17.3.x-scala2.13"}}',
        terraform="databricks_cluster: spark_version = data.databricks_spark_version.lts.id.",
        breaks="Code and libraries may need changes for the newer versions of Spark, Python and "
        "Scala; try them on a copy first.",
    ),
    maps=(
        *also(
            "finds clusters whose runtime gets no more fixes",
            Relation.SUBSET,
            nist="SA-22 SI-2",
            soc2="CC7.1",
            pci="6.3.3",
            iso="A.8.8 A.8.19",
            ccm="TVM-03 TVM-05",
        ),
        *also(
            "leaves fewer known holes to malicious code on clusters", hipaa="164.308(a)(5)(ii)(B)"
        ),
        *also("holds each cluster against the same list of runtimes", Relation.EQUAL, sat="GOV-5"),
    ),
    plans_with=FILLED,
)


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """The runtime is among those that the workspace has on offer."""
    return on_offer(cluster.runtime, at)


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Take the newest runtime with long-term support of the same build."""
    rules, field, old = rules_over(cluster, at), cluster.runtime.field, str(cluster.runtime.get())
    new = newest_like(old, at, lambda version: goes(rules, field, version))
    yield spec_wish(cluster, at, {f"/{field}": old}, {f"/{field}": new})


def _cluster(runtime: str | None, **kinds: Any) -> MemorySnapshot:
    cluster: dict[str, Any] = {"cluster_id": "c1", "cluster_name": "shared"}
    cluster["spark_version"] = runtime
    offer = [
        {"key": "13.3.x-scala2.12", "name": "13.3 LTS (Spark 3.4, Scala 2.12)"},
        {"key": "17.3.x-scala2.13", "name": "17.3 LTS (Spark 4.0, Scala 2.13)"},
    ]
    return given(**{"clusters": [cluster], "runtimes": offer, **kinds})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("the oldest on offer", _cluster("13.3.x-scala2.12"))
    yield fails("one before it", _cluster("12.2.x-scala2.12"))
    yield fails("another build of a number on offer", _cluster("13.3.x-gpu-ml-scala2.12"))
    yield passes("the latest, by its alias", _cluster("auto:latest-lts"))
    yield unclear("no runtime in the answer", _cluster(None))
    yield unclear("no runtime is on offer", _cluster("13.3.x-scala2.12", runtimes=[]))
    yield unclear("runtimes may not be listed", _cluster("9.1.x-scala2.12", runtimes=refused()))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("there are none", given(clusters=[]))
