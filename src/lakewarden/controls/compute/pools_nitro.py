"""Every cluster on a pool gets the pool's machines, whatever its own description says. A pool of
older machines sends the data of all of them across the network in the clear, between nodes that
people took for modern ones.
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
from lakewarden.controls.kit.specs import HARDWARE, modern
from lakewarden.controls.kit.workload_subjects import POOL
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import INSTANCE_POOLS, InstancePool
from lakewarden.ledger.finding import Severity

CONTROL = Control(
    id="pools-nitro",
    title="The machines of the pool are Nitro machines that encrypt what they send each other",
    paper=("P25",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=POOL,
    needs=(INSTANCE_POOLS.need(), *HARDWARE),
    fix=Fix(
        "Make a pool of a node type with is_encrypted_in_transit, such as m6id or r6id, move the "
        "clusters to it and delete the old one: the type of a pool cannot be changed.",
        console="Compute, Pools, Create pool: choose the instance type, then delete the old pool.",
        api='POST /api/2.0/instance-pools/create {"instance_pool_name": "...", "node_type_id": '
        '"m6id.large"}, and POST /api/2.0/instance-pools/delete for the old one.',
        terraform="databricks_instance_pool: node_type_id of such a type; the pool is replaced.",
        breaks="Clusters and jobs that name the old pool no longer start until they name the new "
        "one.",
        no_api="The machines of a pool cannot be changed; clusters, jobs and policies must move to "
        "another pool, at a time that suits their owners.",
        no_terraform="The resource databricks_instance_pool deletes the pool and makes another, "
        "under clusters that still name the old one.",
    ),
    maps=(
        *also(
            "has the machines of a pool encrypt what they send each other",
            Relation.SUBSET,
            nist="SC-8 SC-8(1) SC-13",
            soc2="CC6.7",
            hipaa="164.312(e)(1) 164.312(e)(2)(ii)",
            iso="A.8.20 A.8.24",
            ccm="CEK-03 DSP-10",
        ),
        *also(
            "leaves a listener between machines of a pool nothing to read",
            cis_databricks="2.1.3",
            dasf="DASF-9",
            attack="T1040",
        ),
    ),
)


@CONTROL.check
def check(pool: InstancePool, at: Context) -> Judgement:
    """The node type encrypts traffic, and does not belong to a Xen family."""
    return modern("clusters", pool.node_type, at)


def _pool(node_type: str | None, **kinds: Any) -> MemorySnapshot:
    pool = {"instance_pool_id": "p1", "instance_pool_name": "small", "node_type_id": node_type}
    types = [
        {"node_type_id": "m6id.large", "is_encrypted_in_transit": True},
        {"node_type_id": "m5d.large", "is_encrypted_in_transit": False},
    ]
    return given(**{"instance_pools": [pool], "node_types": types, **kinds})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("m6id", _pool("m6id.large"))
    yield fails("Nitro, but without encryption", _pool("m5d.large"))
    yield fails("Xen, with node types unread", _pool("i3.xlarge", node_types=refused()))
    yield unclear("a type that is not listed", _pool("x9.large"))
    yield unclear("the type is missing from the answer", _pool(None))
    yield unclear("pools may not be listed", given(instance_pools=refused()))
    aws = {"InstanceType": "m6id.large", "Hypervisor": "xen", "BareMetal": False}
    yield fails("AWS says Xen", _pool("m6id.large", instance_types=[aws]))
    yield exempt("there are no pools", given(instance_pools=[]))
