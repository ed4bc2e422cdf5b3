"""An init script runs as root on each node of its cluster. In DBFS every user of the workspace can
replace it, and whoever does has the credentials of all who use the cluster after its next start.
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
from lakewarden.controls.kit.init_scripts import DBFS, VOLUME, off_dbfs
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity

CONTROL = Control(
    id="init-scripts-off-dbfs",
    title="The init scripts of the cluster lie where not everybody can write",
    paper=("P35", "P13"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(),),
    fix=Fix(
        "Move the script into a Unity Catalog volume that few can write to, name it there in the "
        "cluster, and forbid init_scripts.*.dbfs.destination in the cluster policies.",
        console="Edit the cluster, Advanced, Init scripts: replace the DBFS path by the volume.",
        api='POST /api/2.1/clusters/edit with "init_scripts": [{"volumes": {"destination": '
        '"/Volumes/main/platform/init/setup.sh"}}] in the whole cluster specification.',
        terraform="databricks_cluster { init_scripts { volumes { destination = ... } } }.",
        breaks="The cluster restarts; in standard access mode the volume must be on the "
        "metastore's allow list of init scripts.",
        no_api="Somebody must read the script before it goes where only few can write: everybody "
        "could have changed it, and a plan would carry that over.",
        no_terraform="Which place the script gets is for a person to choose, who has read it.",
    ),
    maps=(
        *also(
            "keeps what runs as root out of places where every user can write",
            Relation.SUBSET,
            nist="AC-3 CM-5 SI-7",
            soc2="CC6.1 CC6.8",
            pci="7.2.2",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.3 A.8.19",
            ccm="CCC-04 IAM-05",
        ),
        *also(
            "leaves an intruder no script to replace before a cluster's next start",
            attack="T1059 T1546",
        ),
        *also("looks for init scripts in DBFS too, by the clusters that name them", sat="GOV-25"),
    ),
)


@CONTROL.check
def check(cluster: Cluster, _: Context) -> Judgement:
    """No init script is a file in DBFS."""
    return off_dbfs(cluster)


def _cluster(*scripts: dict[str, Any], **fields: Any) -> MemorySnapshot:
    return given(clusters=[{"cluster_id": "c1", "init_scripts": list(scripts), **fields}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("a volume", _cluster(VOLUME))
    own = {"workspace": {"destination": "/Platform/setup.sh"}}
    yield passes("a workspace file", _cluster(own))
    for place in ("/Shared/setup.sh", "/Workspace/Shared/setup.sh"):
        shared = {"workspace": {"destination": place}}
        yield unclear(f"{place}, where all may write by default", _cluster(own, shared))
        yield fails(f"DBFS beside {place}", _cluster(DBFS, shared))
    yield fails("DBFS", _cluster(DBFS))
    yield fails("DBFS beside a volume", _cluster(VOLUME, {"dbfs": {"destination": "/init/a.sh"}}))
    for path in ("file:/dbfs/init/a.sh", "file:///dbfs/init/a.sh", "file:/tmp/../dbfs/a.sh"):
        mounted = {"file": {"destination": path}}
        yield fails(f"DBFS by its mount, {path}", _cluster(mounted))
    yield unclear("scripts of the wrong type", _cluster(init_scripts="dbfs:/init/setup.sh"))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("it has none", _cluster())
