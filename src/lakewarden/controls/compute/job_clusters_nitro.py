"""Jobs move most of the data, at night and with the strongest rights, on machines that exist for
as long as a run. Nobody sees those machines on the list of clusters, so older ones that send in
the clear stay in the descriptions of jobs for years.
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
from lakewarden.controls.kit.spec_wishes import modern_machines
from lakewarden.controls.kit.specs import MACHINES, machines_modern
from lakewarden.controls.kit.workload_subjects import JOB_CLUSTER
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import JOB_CLUSTERS, JobCluster
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="job-clusters-nitro",
    title="The cluster that a job makes has Nitro machines that encrypt what they send",
    paper=("P25",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=JOB_CLUSTER,
    needs=(JOB_CLUSTERS.need(), *MACHINES),
    fix=Fix(
        "Describe the cluster with node types that have is_encrypted_in_transit, such as m6id or "
        "r6id, and allow no others in its policy.",
        console="Jobs, the job, Compute, Configure: choose other worker and driver types.",
        api='POST /api/2.2/jobs/update {"job_id": 1, "new_settings": {"job_clusters": [...]}} with '
        'such "node_type_id" in each new_cluster.',
        terraform="databricks_job: node_type_id and driver_node_type_id of such types in each "
        "new_cluster.",
        breaks="The next run gets other machines: its time and price may change, and quotas of the "
        "new family must suffice. Code that deploys the job must say the same, or its next run "
        "takes the change back.",
    ),
    maps=(
        *also(
            "has the nodes of a job's cluster encrypt what they send each other",
            Relation.SUBSET,
            nist="SC-8 SC-8(1) SC-13",
            soc2="CC6.7",
            hipaa="164.312(e)(1) 164.312(e)(2)(ii)",
            iso="A.8.20 A.8.24",
            ccm="CEK-03 DSP-10",
        ),
        *also(
            "leaves a listener between the nodes of a job nothing to read",
            cis_databricks="2.1.3",
            dasf="DASF-9",
            attack="T1040",
        ),
    ),
)


@CONTROL.check
def check(cluster: JobCluster, at: Context) -> Judgement:
    """Workers and driver encrypt traffic, by their types, their pools or the policy's defaults."""
    return machines_modern(cluster, at)


@CONTROL.mends
def mend(cluster: JobCluster, at: Context) -> Iterable[Wish]:
    """Take machines of the same shape that encrypt."""
    yield from modern_machines(cluster, at)


def _cluster(policy: str = "{}", *, xen: bool = False, **fields: Any) -> MemorySnapshot:
    cluster = {"job_id": 1, "part": "main", "name": "load, main", **fields}
    shape: dict[str, Any] = {"category": "General Purpose", "num_cores": 2.0, "memory_mb": 8192}
    shape["node_instance_type"] = {"local_disks": 1}
    types = [
        {"node_type_id": "m6id.large", "is_encrypted_in_transit": True, **shape},
        {"node_type_id": "m5d.large", "is_encrypted_in_transit": False, **shape},
    ]
    aws = {"InstanceType": "m6id.large", "Hypervisor": "xen", "BareMetal": False}
    return given(
        instance_types=[aws] if xen else [],
        job_clusters=[cluster],
        node_types=types,
        instance_pools=[{"instance_pool_id": "p1", "node_type_id": "m5d.large"}],
        cluster_policies=[
            {"policy_id": "c1", "definition": policy},
            {"policy_id": "c2", "policy_family_id": "f1"},
        ],
        policy_families=[{"policy_family_id": "f1", "definition": policy}],
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    good: dict[str, Any] = {"node_type_id": "m6id.large"}
    bad: dict[str, Any] = {"node_type_id": "m5d.large"}
    yield passes("the driver like the workers", _cluster(**good))
    yield fails("Nitro, but without encryption", _cluster(**bad))
    yield fails("the driver alone is wrong", _cluster(**good, driver_node_type_id="i3.xlarge"))
    yield fails("from a pool of others", _cluster(**good, instance_pool_id="p1"))
    yield fails("the driver from a pool of others", _cluster(**good, driver_instance_pool_id="p1"))
    fixed = '{"node_type_id": {"type": "fixed", "value": "m6id.large"}}'
    yield passes("the policy fixes it", _cluster(fixed, policy_id="c1"))
    yield passes("the policy's family fixes it", _cluster(fixed, policy_id="c2"))
    pool = '{"driver_instance_pool_id": {"type": "fixed", "value": "p1"}}'
    yield fails("the policy takes the driver from others", _cluster(pool, policy_id="c1", **good))
    pool = pool.replace("driver_", "")
    yield fails("the policy fixes a pool of others", _cluster(pool, policy_id="c1"))
    default = '{"node_type_id": {"type": "unlimited", "defaultValue": "m5d.large"}}'
    asked: dict[str, Any] = {"policy_id": "c1", "apply_policy_default_values": True}
    yield fails("the policy's default is asked for", _cluster(default, **asked))
    yield unclear("the policy's default is not asked for", _cluster(default, policy_id="c1"))
    yield unclear("nobody says", _cluster())
    yield unclear("a pool that is not known", _cluster(instance_pool_id="p9"))
    yield unclear("a type that is not listed", _cluster(node_type_id="x9.large"))
    yield unclear("jobs may not be listed", given(job_clusters=refused()))
    yield fails("AWS says Xen", _cluster(xen=True, **good))
    yield exempt("no job makes a cluster", given(job_clusters=[]))
