"""Spark spills to the local disks of a machine whatever does not fit into its memory. Disks that
neither the hardware nor the platform encrypts keep those pieces of your tables in the clear, on
machines that AWS gives to somebody else next.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    any_of,
    expect,
    holds,
    violated,
)
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
from lakewarden.controls.kit.spec_wishes import spec_wish
from lakewarden.controls.kit.specs import FILLED
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.compute import CLUSTERS, NODE_TYPES, Cluster
from lakewarden.estate.fact import Fact
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.instance_families import runs_on_xen

CONTROL = Control(
    id="local-disk-encryption",
    title="The local disks of the cluster are encrypted",
    paper=("P25",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(), NODE_TYPES.need()),
    fix=Fix(
        "Choose Nitro machines, whose local disks encrypt by themselves, or switch on the "
        "encryption of local disks for the cluster.",
        console="Compute, the cluster, Edit: choose other types for the workers and the driver.",
        api='POST /api/2.1/clusters/update {"cluster_id": "...", "update_mask": '
        '"enable_local_disk_encryption", "cluster": {"enable_local_disk_encryption": true}}',
        terraform="databricks_cluster: enable_local_disk_encryption = true.",
        breaks="The cluster restarts; encryption by the platform slows down what reads and writes "
        "local disks.",
    ),
    maps=(
        *also(
            "leaves what spills to local disks unreadable to whoever gets them next",
            Relation.SUBSET,
            nist="SC-13 SC-28 SC-28(1)",
            soc2="CC6.1 C1.1",
            pci="3.5.1",
            hipaa="164.312(a)(2)(iv)",
            iso="A.7.14 A.8.24",
            ccm="CEK-03",
            dasf="DASF-8",
        ),
        *also(
            "asks for encrypted disks under machines, though under clusters alone", cis_aws="5.1.1"
        ),
        *also("lets encryption by the hardware count beside that by the platform", sat="DP-2"),
    ),
    plans_with=FILLED,
)


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """The platform encrypts local disks, or workers and driver have none that need it."""
    return any_of(
        expect(
            cluster.encrypts_disks,
            lambda value: value,
            expected="true",
            otherwise="the platform does not encrypt local disks",
        ),
        lambda: all_of(
            lambda: _by_itself("workers", cluster.node_type, at),
            lambda: _by_itself("the driver", cluster.driver_node_type, at),
        ),
    )


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Switch the encryption by the platform on."""
    place = f"/{cluster.encrypts_disks.field}"
    yield spec_wish(cluster, at, {place: cluster.encrypts_disks.get()}, {place: True})


def _by_itself(role: str, field: Fact[str | None], at: Context) -> Condition:
    """Require a machine that has no local disk, or one that encrypts in hardware."""
    name = str(field.get())
    expected = "a machine on Nitro, or without local disks"
    evidence = Evidence(field.source, field.field, name, expected)
    if not runs_on_xen(name):
        known = at.estate.need(NODE_TYPES, name, at.here)
        return holds(evidence, Evidence(NODE_TYPES.source, "node_type_id", known.id, "known"))
    disks = at.estate.need(NODE_TYPES, name, at.here).disks
    if disks.get() == 0:
        return holds(evidence, Evidence(disks.source, disks.field, 0, "0"))
    return violated(f"{name} for {role}: its local disks are not encrypted", evidence)


def _estate(node: str | None, *, flag: bool | None = None, **kinds: Any) -> MemorySnapshot:
    cluster: dict[str, Any] = {"cluster_id": "c1", "node_type_id": node}
    cluster |= {"driver_node_type_id": node, "enable_local_disk_encryption": flag}
    types = [
        {"node_type_id": "m6id.large", "node_instance_type": {"local_disks": 0}},
        {"node_type_id": "m4.large", "node_instance_type": {"local_disks": 0}},
        {"node_type_id": "r3.large", "node_instance_type": {"local_disks": 1}},
        {"node_type_id": "d2.xlarge"},
    ]
    return given(**{"clusters": [cluster], "node_types": types, **kinds})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("Nitro encrypts by itself", _estate("m6id.large", flag=False))
    yield passes("Xen, and the platform encrypts", _estate("r3.large", flag=True))
    yield passes("Xen without a local disk", _estate("m4.large"))
    yield fails("Xen with a disk in the clear", _estate("r3.large", flag=False))
    yield fails("Xen, and the switch is absent", _estate("r3.large"))
    yield unclear("Xen, and nobody knows its disks", _estate("d2.xlarge"))
    yield passes("the platform encrypts, whatever it runs on", _estate("x9.large", flag=True))
    yield unclear("a type that is not listed", _estate("x9.large"))
    yield unclear("the type is missing from the answer", _estate(None))
    yield unclear("node types may not be listed", _estate("m6id.large", node_types=refused()))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("there are no clusters", given(clusters=[]))
