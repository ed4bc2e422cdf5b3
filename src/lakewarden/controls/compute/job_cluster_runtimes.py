"""A job keeps the runtime that it was made with until somebody edits it, so the oldest code with
the strongest rights runs on the oldest software. A runtime that is no longer on offer gets no
fixes for the holes that were found since.
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
from lakewarden.controls.kit.specs import FILLED, filled
from lakewarden.controls.kit.workload_subjects import JOB_CLUSTER
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import JOB_CLUSTERS, RUNTIMES, JobCluster
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="job-cluster-runtimes",
    title="The cluster that a job makes runs a supported runtime",
    paper=("P33",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=JOB_CLUSTER,
    needs=(JOB_CLUSTERS.need(), RUNTIMES.need(), *FILLED),
    fix=Fix(
        "Move it to a runtime with long-term support that is on offer today, and bound the runtime "
        "in the policy.",
        console="Jobs, the job, Compute, Configure: choose a supported version under Databricks "
        "runtime.",
        api='POST /api/2.2/jobs/update {"job_id": 1, "new_settings": {"job_clusters": [...]}} with '
        '"spark_version": "17.3.x-scala2.13" in each new_cluster.',
        terraform="databricks_job: spark_version = data.databricks_spark_version.lts.id in each "
        "new_cluster.",
        breaks="Code and libraries may need changes for the newer versions of Spark, Python and "
        "Scala; try them on a copy first. Code that deploys the job must say the same, or its next "
        "run takes the change back.",
    ),
    maps=(
        *also(
            "keeps jobs off runtimes that get no more fixes",
            Relation.SUBSET,
            nist="SA-22 SI-2",
            soc2="CC7.1",
            pci="6.3.3",
            iso="A.8.8 A.8.19",
            ccm="TVM-03 TVM-05",
        ),
        *also(
            "leaves fewer known holes to malicious code on the machines of jobs",
            hipaa="164.308(a)(5)(ii)(B)",
        ),
        *also(
            "asks of the clusters of jobs what the rule there asks of those on the list",
            sat="GOV-5",
        ),
    ),
)


@CONTROL.check
def check(cluster: JobCluster, at: Context) -> Judgement:
    """The runtime is among those that the workspace has on offer."""
    return on_offer(filled(cluster, cluster.runtime, at), at)


@CONTROL.mends
def mend(cluster: JobCluster, at: Context) -> Iterable[Wish]:
    """Take the newest runtime with long-term support of the same build."""
    rules, field, given = rules_over(cluster, at), cluster.runtime.field, cluster.runtime.get()
    old = str(filled(cluster, cluster.runtime, at).get())
    new = newest_like(old, at, lambda version: goes(rules, field, version))
    yield spec_wish(cluster, at, {f"/{field}": given}, {f"/{field}": new})


def _cluster(runtime: str | None, policy: str = "{}", **kinds: Any) -> MemorySnapshot:
    cluster: dict[str, Any] = {"job_id": 1, "part": "main", "name": "load, main"}
    cluster["spark_version"] = runtime
    if runtime is None:
        cluster["policy_id"] = "p1"
    kinds.setdefault("cluster_policies", [{"policy_id": "p1", "definition": policy}])
    kinds.setdefault("policy_families", [])
    offer = [
        {"key": "13.3.x-scala2.12", "name": "13.3 LTS (Spark 3.4, Scala 2.12)"},
        {"key": "17.3.x-scala2.13", "name": "17.3 LTS (Spark 4.0, Scala 2.13)"},
    ]
    return given(**{"job_clusters": [cluster], "runtimes": offer, **kinds})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("the oldest on offer", _cluster("13.3.x-scala2.12"))
    yield fails("one before it", _cluster("12.2.x-scala2.12"))
    yield fails("another build of a number on offer", _cluster("13.3.x-gpu-ml-scala2.12"))
    yield passes("the latest, by its alias", _cluster("auto:latest-lts"))
    fixed = '{"spark_version": {"type": "fixed", "value": "10.4.x-scala2.12"}}'
    yield fails("the policy fixes an old one", _cluster(None, policy=fixed))
    alias = '{"spark_version": {"type": "fixed", "value": "auto:latest-lts"}}'
    yield passes("the policy fixes the latest", _cluster(None, policy=alias))
    heir = [{"policy_id": "p1", "policy_family_id": "f1"}]
    family = [{"policy_family_id": "f1", "definition": alias}]
    kinds: dict[str, Any] = {"cluster_policies": heir, "policy_families": family}
    yield passes("the policy's family fixes the latest", _cluster(None, **kinds))
    yield unclear("nobody says", _cluster(None))
    yield unclear("no runtime is on offer", _cluster("13.3.x-scala2.12", runtimes=[]))
    yield unclear("runtimes may not be listed", _cluster("9.1.x-scala2.12", runtimes=refused()))
    yield unclear("clusters may not be listed", given(job_clusters=refused()))
    yield exempt("there are none", given(job_clusters=[]))
