"""A job's own cluster runs for nobody but the job, yet without an access mode it runs outside the
governance of the catalogue: the code has the rights of the machine's role instead of those of the
identity that the job runs as, and what it reads is neither checked nor recorded by user.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

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
from lakewarden.controls.kit.spec_wishes import ISOLATING, isolated_wish
from lakewarden.controls.kit.specs import FILLED, filled, isolated
from lakewarden.controls.kit.workload_subjects import JOB_CLUSTER
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import JOB_CLUSTERS, JobCluster
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="job-cluster-isolation",
    title="The cluster that a job makes has an access mode that isolates",
    paper=("P32",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=JOB_CLUSTER,
    needs=(JOB_CLUSTERS.need(), *FILLED),
    fix=Fix(
        "Give the job's cluster the access mode Dedicated or Standard, and fix it in the policy "
        "that jobs use.",
        console="Jobs, the job, Compute, Configure: choose the access mode.",
        api='POST /api/2.2/jobs/update {"job_id": 1, "new_settings": {"job_clusters": [...]}} with '
        '"data_security_mode": "SINGLE_USER" in each new_cluster.',
        terraform='databricks_job: job_cluster { new_cluster { data_security_mode = "SINGLE_USER" '
        "} }, and the same in the tasks that have a new_cluster.",
        breaks="Jobs that reach storage through the instance profile alone, or that use the Hive "
        "metastore without grants, lose that access on their next run. Code that deploys the job "
        "must say the same, or its next run takes the change back.",
    ),
    maps=(
        *also(
            "lets a job read what its identity may, past no grant by a machine's role",
            Relation.SUBSET,
            nist="AC-3 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.5 7.3.1",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="IAM-05 IAM-16",
            dasf="DASF-5",
        ),
        *also(
            "has the catalogue check and record what a job reads",
            cis_databricks="2.1.5",
            hipaa="164.312(b)",
            attack="T1530",
        ),
        *also(
            "asks of the clusters of jobs what the rule there asks of interactive ones",
            sat="GOV-12",
        ),
    ),
    plans_with=ISOLATING,
)

_RUNNER = "whom the job runs as"


@CONTROL.check
def check(cluster: JobCluster, at: Context) -> Judgement:
    """The cluster says an isolating mode, or its policy fills one in."""
    mode = filled(cluster, cluster.access_mode, at)
    return isolated(mode, cluster.single_user.get() or _RUNNER, cluster)


@CONTROL.mends
def mend(cluster: JobCluster, at: Context) -> Iterable[Wish]:
    """Dedicate it to whom the job runs as, or make it Standard where its policy asks for that."""
    yield isolated_wish(cluster, at, ("SINGLE_USER", "USER_ISOLATION"))


_FIXED: Final = '{"type": "fixed", "value": "SINGLE_USER"}'
_FAMILY: Final = [{"policy_family_id": "f1", "definition": f'{{"data_security_mode": {_FIXED}}}'}]


def _job(mode: str | None = None, *, policy: Any = (), **fields: Any) -> MemorySnapshot:
    cluster = {"job_id": 1, "part": "cluster main", "name": "load, cluster main"}
    clusters = [{**cluster, "data_security_mode": mode, **fields}]
    return given(
        job_clusters=clusters,
        cluster_policies=policy,
        policy_families=_FAMILY,
        workspace_conf={"enforceUserIsolation": None},
    )


def _policy(rule: str) -> Any:
    return [{"policy_id": "p1", "definition": f'{{"data_security_mode": {rule}}}'}]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("dedicated to whom the job runs as", _job("SINGLE_USER"))
    yield passes("standard, by its new name", _job("DATA_SECURITY_MODE_STANDARD"))
    yield passes("automatic", _job("DATA_SECURITY_MODE_AUTO"))
    yield fails("no isolation", _job("NONE"))
    yield fails("no mode at all", _job())
    acls = {"spark.databricks.acl.dfAclsEnabled": "true"}
    yield passes("no mode, but table ACLs", _job(spark_conf=acls))
    fixed = _policy(_FIXED)
    yield passes("the policy fixes the mode", _job(policy_id="p1", policy=fixed))
    heir = [{"policy_id": "p1", "policy_family_id": "f1"}]
    yield passes("the policy's family fixes it", _job(policy_id="p1", policy=heir))
    default = _policy('{"type": "unlimited", "defaultValue": "USER_ISOLATION"}')
    asked: dict[str, Any] = {"policy_id": "p1", "apply_policy_default_values": True}
    yield passes("the policy's default is asked for", _job(policy=default, **asked))
    yield fails("the policy's default is not asked for", _job(policy_id="p1", policy=default))
    yield fails(
        "the policy fixes no isolation",
        _job(policy=_policy('{"type": "fixed", "value": "NONE"}'), **asked),
    )
    yield unclear("the policy is not known", _job(policy_id="p2", policy=fixed))
    yield unclear("policies may not be read", _job(policy_id="p1", policy=refused()))
    yield unclear("a mode from the future", _job("QUANTUM"))
    yield unclear("jobs may not be listed", given(job_clusters=refused()))
    yield exempt("no job makes a cluster", given(job_clusters=[]))
