"""Machine types, runtimes and zones: what clusters can be made of.

The facts about instances (encryption in transit, local disks) are AWS's; DBU rates are rounded
public list figures for Jobs and All-Purpose compute without Photon.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request
from lakewarden.simulate.workspace.wire import route

GENERAL, MEMORY, COMPUTE = "General Purpose", "Memory Optimized", "Compute Optimized"
STORAGE, GPU = "Storage Optimized", "GPU Accelerated"


class Machine(NamedTuple):
    """One EC2 instance type as a node type: sizes in cores, MiB and GB, rate in DBU an hour.

    ``disks`` are local NVMe disks of ``disk_gb`` each, ``old_disks`` those of other kinds.
    """

    category: str
    cores: int
    memory_mb: int
    disks: int
    disk_gb: int
    dbu: float
    gpus: int = 0
    old_disks: int = 0


MACHINES = {
    "m4.large": Machine(GENERAL, 2, 8192, 0, 0, 0.4),
    "m5.large": Machine(GENERAL, 2, 8192, 0, 0, 0.34),
    "m5.xlarge": Machine(GENERAL, 4, 16384, 0, 0, 0.69),
    "m5d.large": Machine(GENERAL, 2, 8192, 1, 75, 0.34),
    "m5dn.xlarge": Machine(GENERAL, 4, 16384, 1, 150, 0.69),
    "m6gd.xlarge": Machine(GENERAL, 4, 16384, 1, 237, 0.67),
    "m6i.large": Machine(GENERAL, 2, 8192, 0, 0, 0.5),
    "m6id.large": Machine(GENERAL, 2, 8192, 1, 118, 0.5),
    "m6id.xlarge": Machine(GENERAL, 4, 16384, 1, 237, 1.0),
    "m6in.xlarge": Machine(GENERAL, 4, 16384, 0, 0, 1.12),
    "m7g.xlarge": Machine(GENERAL, 4, 16384, 0, 0, 0.9),
    "r5d.large": Machine(MEMORY, 2, 16384, 1, 75, 0.45),
    "r6i.xlarge": Machine(MEMORY, 4, 32768, 0, 0, 1.02),
    "r6id.xlarge": Machine(MEMORY, 4, 32768, 1, 237, 1.2),
    "c5.xlarge": Machine(COMPUTE, 4, 8192, 0, 0, 0.61),
    "c6i.2xlarge": Machine(COMPUTE, 8, 16384, 0, 0, 1.62),
    "c6id.2xlarge": Machine(COMPUTE, 8, 16384, 1, 474, 1.7),
    "d2.xlarge": Machine(STORAGE, 4, 31232, 0, 0, 0.98, old_disks=3),
    "i3.xlarge": Machine(STORAGE, 4, 31232, 1, 950, 1.0),
    "i3.2xlarge": Machine(STORAGE, 8, 62464, 1, 1900, 2.0),
    "i3en.xlarge": Machine(STORAGE, 4, 32768, 1, 2500, 1.3),
    "i4i.xlarge": Machine(STORAGE, 4, 32768, 1, 937, 1.2),
    "g4dn.xlarge": Machine(GPU, 4, 16384, 1, 125, 0.71, 1),
    "g5.xlarge": Machine(GPU, 4, 16384, 1, 250, 1.2, 1),
    "g5.12xlarge": Machine(GPU, 48, 196608, 1, 3800, 6.79, 4),
    "p4d.24xlarge": Machine(GPU, 96, 1179648, 8, 1000, 39.4, 8),
}
"""Every node type the workspaces offer; first in the list is the smallest of its generation."""

ENCRYPTING = frozenset(
    {"m5dn", "m6i", "m6id", "m6in", "m7g", "r6i", "r6id", "c6i", "c6id"}
    | {"i3en", "i4i", "g4dn", "g5", "p4d"}
)
"""Instance families that encrypt traffic between instances."""

DEPRECATED = frozenset({"m4.large"})

RUNTIMES = {
    "18.1.x-scala2.13": "18.1 (includes Apache Spark 4.1.0, Scala 2.13)",
    "17.3.x-scala2.13": "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)",
    "17.3.x-cpu-ml-scala2.13": "17.3 LTS ML (includes Apache Spark 4.0.0, Scala 2.13)",
    "17.3.x-gpu-ml-scala2.13": "17.3 LTS ML (includes Apache Spark 4.0.0, GPU, Scala 2.13)",
    "16.4.x-scala2.12": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)",
    "15.4.x-scala2.12": "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "15.4.x-cpu-ml-scala2.12": "15.4 LTS ML (includes Apache Spark 3.5.0, Scala 2.12)",
    "15.4.x-gpu-ml-scala2.12": "15.4 LTS ML (includes Apache Spark 3.5.0, GPU, Scala 2.12)",
    "14.3.x-scala2.12": "14.3 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "13.3.x-scala2.12": "13.3 LTS (includes Apache Spark 3.4.1, Scala 2.12)",
}
"""The runtimes on offer; older ones still start when they are named."""

ALIASES = {
    "auto:latest": "18.1.x-scala2.13",
    "auto:latest-lts": "17.3.x-scala2.13",
    "auto:latest-ml": "17.3.x-cpu-ml-scala2.13",
    "auto:latest-lts-ml": "17.3.x-cpu-ml-scala2.13",
    "auto:prev-lts": "16.4.x-scala2.12",
}
"""What the names that policies and requests may use for a runtime mean today."""

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d")


def dbus_per_hour(spec: Json) -> float:
    """The DBUs a cluster costs in an hour with every worker it may grow to, driver included.

    Photon doubles the rate, a round figure.
    """
    workers = spec.get("autoscale", {}).get("max_workers", spec.get("num_workers", 0))
    worker = MACHINES.get(spec.get("node_type_id", ""))
    driver = MACHINES.get(spec.get("driver_node_type_id", ""), worker)
    rate = (workers * worker.dbu if worker else 0.0) + (driver.dbu if driver else 0.0)
    return round(rate * (2 if spec.get("runtime_engine") == "PHOTON" else 1), 2)


def encrypts_in_transit(node_type: str) -> bool:
    """Whether instances of a type encrypt the traffic between them."""
    return node_type.partition(".")[0] in ENCRYPTING


def version(runtime: str) -> tuple[int, int]:
    """Major and minor number of a runtime; (0, 0) when its name has none."""
    match = re.match(r"(\d+)\.(\d+)", runtime)
    return (int(match[1]), int(match[2])) if match else (0, 0)


@route("GET", "/api/2.0/clusters/list-node-types")
@route("GET", "/api/2.1/clusters/list-node-types")
def list_node_types(_request: Request) -> Json:
    """Every node type the workspace offers."""
    return {
        "node_types": [
            _node_type(name, machine, order)
            for order, (name, machine) in enumerate(MACHINES.items())
        ]
    }


@route("GET", "/api/2.0/clusters/spark-versions")
@route("GET", "/api/2.1/clusters/spark-versions")
def spark_versions(_request: Request) -> Json:
    """Every runtime the workspace offers."""
    return {"versions": [{"key": key, "name": name} for key, name in RUNTIMES.items()]}


@route("GET", "/api/2.0/clusters/list-zones")
@route("GET", "/api/2.1/clusters/list-zones")
def list_zones(_request: Request) -> Json:
    """The availability zones of the workspace's region."""
    return {"zones": list(ZONES), "default_zone": ZONES[0]}


def _node_type(name: str, machine: Machine, order: int) -> Json:
    graviton = re.match(r"[a-z]+\d+g", name) is not None
    return {
        "node_type_id": name,
        "memory_mb": machine.memory_mb,
        "num_cores": float(machine.cores),
        "description": name,
        "instance_type_id": name,
        "category": machine.category,
        "display_order": order,
        "is_deprecated": name in DEPRECATED,
        "is_encrypted_in_transit": encrypts_in_transit(name),
        "is_graviton": graviton,
        "is_hidden": False,
        "is_io_cache_enabled": machine.disks > 0,
        "num_gpus": machine.gpus,
        "photon_driver_capable": machine.gpus == 0,
        "photon_worker_capable": machine.gpus == 0,
        "support_cluster_tags": True,
        "support_ebs_volumes": True,
        "support_port_forwarding": True,
        "node_instance_type": {
            "instance_type_id": name,
            "local_disks": machine.old_disks,
            "local_nvme_disks": machine.disks,
            "local_nvme_disk_size_gb": machine.disk_gb,
        },
    }
