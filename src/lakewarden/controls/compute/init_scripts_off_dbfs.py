"""An init script runs as root on each node of its cluster. In DBFS every user of the workspace can
replace it, and whoever does has the credentials of all who use the cluster after its next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
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
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

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
    ),
)


@CONTROL.check
def check(cluster: Cluster, _: Context) -> Judgement:
    """No init script is a file in DBFS."""
    scripts = cluster.init_scripts
    places = [place for entry in scripts.get() for place in _places(entry)]
    if not places:
        return NotApplicable("it has no init script")
    open_to_all = [place for place in places if place.startswith(("dbfs:", "/dbfs/"))]
    return observe(
        not open_to_all,
        Evidence(scripts.source, scripts.field, places, "a volume, a workspace file or a bucket"),
        otherwise=f"every user can replace {', '.join(open_to_all)}, which runs as root",
    )


def _places(entry: Mapping[str, Any]) -> Iterable[str]:
    """Return where a script lies; what is called dbfs lies in DBFS, however it is written."""
    for store, where in entry.items():
        place = str(where.get("destination", "")) if isinstance(where, Mapping) else str(where)
        yield place if store != "dbfs" or place.startswith("dbfs:") else f"dbfs:{place}"


def _cluster(*scripts: dict[str, Any], **fields: Any) -> MemorySnapshot:
    return given(clusters=[{"cluster_id": "c1", "init_scripts": list(scripts), **fields}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    volume = {"volumes": {"destination": "/Volumes/main/platform/init/setup.sh"}}
    yield passes("a volume", _cluster(volume))
    yield passes("a workspace file", _cluster({"workspace": {"destination": "/Shared/setup.sh"}}))
    yield fails("DBFS", _cluster({"dbfs": {"destination": "dbfs:/init/setup.sh"}}))
    yield fails("DBFS beside a volume", _cluster(volume, {"dbfs": {"destination": "/init/a.sh"}}))
    yield fails("DBFS by its mount", _cluster({"file": {"destination": "/dbfs/init/setup.sh"}}))
    yield unclear("scripts of the wrong type", _cluster(init_scripts="dbfs:/init/setup.sh"))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("it has none", _cluster())
