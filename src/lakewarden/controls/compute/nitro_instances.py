"""The nodes of a cluster shuffle your data to each other over the network. Between Nitro machines
of the right families AWS encrypts that traffic, and the local disks, in hardware; between older
machines it crosses the network in the clear. The driver counts as much as the workers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, all_of
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
from lakewarden.controls.kit.specs import FILLED, HARDWARE, modern
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="nitro-instances",
    title="Driver and workers are Nitro machines that encrypt what they send each other",
    paper=("P25",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(), *HARDWARE),
    fix=Fix(
        "Choose node types with is_encrypted_in_transit, such as i4i, m6id or r6id, for the driver "
        "and the workers, and allow no others in the cluster policy.",
        console="Compute, the cluster, Edit: choose other types under Worker type and Driver type, "
        "and confirm the restart.",
        api='POST /api/2.1/clusters/update {"cluster_id": "...", "update_mask": '
        '"node_type_id,driver_node_type_id", "cluster": {"node_type_id": "m6id.large", '
        '"driver_node_type_id": "m6id.large"}}',
        terraform="databricks_cluster: node_type_id and driver_node_type_id of such types.",
        breaks="The cluster restarts, costs may change, and quotas of the new family must suffice.",
    ),
    maps=(
        *also(
            "has the nodes of a cluster encrypt what they send each other",
            Relation.SUBSET,
            nist="SC-8 SC-8(1) SC-13",
            soc2="CC6.7",
            hipaa="164.312(e)(1) 164.312(e)(2)(ii)",
            iso="A.8.20 A.8.24",
            ccm="CEK-03 DSP-10",
        ),
        *also(
            "leaves a listener between driver and workers nothing to read",
            cis_databricks="2.1.3",
            dasf="DASF-9",
            attack="T1040",
        ),
    ),
    plans_with=FILLED,
)


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """Both node types encrypt traffic, and neither belongs to a Xen family."""
    return all_of(
        lambda: modern("workers", cluster.node_type, at),
        lambda: modern("the driver", cluster.driver_node_type, at),
    )


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Take machines of the same shape that encrypt."""
    yield from modern_machines(cluster, at)


def _estate(workers: str | None, driver: str | None = None, **kinds: Any) -> MemorySnapshot:
    cluster = {"cluster_id": "c1", "node_type_id": workers}
    cluster["driver_node_type_id"] = driver or workers
    types = [
        {"node_type_id": "i4i.xlarge", "is_encrypted_in_transit": True},
        {"node_type_id": "i3.xlarge", "is_encrypted_in_transit": True},
        {"node_type_id": "c5d.xlarge", "is_encrypted_in_transit": False},
        {"node_type_id": "odd.xlarge"},
    ]
    return given(**{"clusters": [cluster], "node_types": types, **kinds})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("both on i4i", _estate("i4i.xlarge"))
    lone = [{"cluster_id": "c1", "node_type_id": "i4i.xlarge"}]
    yield unclear("the driver's type is missing", _estate("i4i.xlarge", clusters=lone))
    yield fails("Nitro, but without encryption", _estate("c5d.xlarge"))
    yield fails("the driver alone is wrong", _estate("i4i.xlarge", "c5d.xlarge"))
    yield fails("Xen, whatever the platform says", _estate("i3.xlarge"))
    shape = {"category": "General Purpose", "num_cores": 4.0, "memory_mb": 16384}
    offer: list[dict[str, Any]] = [
        {"node_type_id": "m5d.xlarge", "is_encrypted_in_transit": False, **shape},
        {"node_type_id": "m6id.xlarge", "is_encrypted_in_transit": True, **shape},
    ]
    offer = [{**node, "node_instance_type": {"local_disks": 1}} for node in offer]
    yield fails("another of its shape encrypts", _estate("m5d.xlarge", node_types=offer))
    yield fails("Xen, with node types unread", _estate("i3.xlarge", node_types=refused()))
    yield unclear("the platform does not say", _estate("odd.xlarge"))
    yield unclear("a type that is not listed", _estate("x9.xlarge"))
    yield unclear("the type is missing from the answer", _estate(None))
    yield unclear("node types may not be listed", _estate("i4i.xlarge", node_types=refused()))
    told = {"InstanceType": "i4i.xlarge", "Hypervisor": "nitro", "BareMetal": False}
    modern_one = {**told, "NetworkInfo": {"EncryptionInTransitSupported": True}}
    yield passes("AWS says the same", _estate("i4i.xlarge", instance_types=[modern_one]))
    metal = {k: v for k, v in modern_one.items() if k != "Hypervisor"} | {"BareMetal": True}
    yield passes("bare metal", _estate("i4i.xlarge", instance_types=[metal]))
    old = {**modern_one, "Hypervisor": "xen"}
    yield fails("AWS says Xen", _estate("i4i.xlarge", instance_types=[old]))
    clear = {**told, "NetworkInfo": {"EncryptionInTransitSupported": False}}
    yield fails("AWS does not encrypt", _estate("i4i.xlarge", instance_types=[clear]))
    yield unclear("AWS does not say", _estate("i4i.xlarge", instance_types=[told]))
    yield passes("AWS does not know it", _estate("i4i.xlarge", instance_types=[]))
    yield passes("AWS may not be asked", _estate("i4i.xlarge", instance_types=refused()))
    yield exempt("there are no clusters", given(clusters=[]))
