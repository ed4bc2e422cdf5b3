"""A job starts its cluster anew for each run, and each time its init scripts run as root. One that
lies in DBFS, where every user can write, hands the rights of the job to whoever replaces it
before tonight's run.
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
from lakewarden.controls.kit.workload_subjects import JOB_CLUSTER
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import JOB_CLUSTERS, JobCluster
from lakewarden.ledger.finding import Severity

CONTROL = Control(
    id="job-init-scripts-off-dbfs",
    title="The init scripts of the job's cluster lie where not everybody can write",
    paper=("P35", "P13"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=JOB_CLUSTER,
    needs=(JOB_CLUSTERS.need(),),
    fix=Fix(
        "Move the script into a Unity Catalog volume that few can write to, and name it there in "
        "the code that deploys the job.",
        console="Open the job, Compute, Configure, Advanced, Init scripts: replace the DBFS path.",
        api='POST /api/2.2/jobs/update {"job_id": 7, "new_settings": {"job_clusters": [...]}} with '
        '"init_scripts": [{"volumes": {"destination": "/Volumes/main/platform/init/setup.sh"}}].',
        terraform="databricks_job { job_cluster { new_cluster { init_scripts { volumes { ... } } } "
        "} }, and the same in tasks that have a new_cluster.",
        breaks="The next run fails until the identity of the job may read the volume.",
        no_api="Somebody must read the script before it goes where only few can write: everybody "
        "could have changed it, and a plan would carry that over.",
        no_terraform="Which place the script gets is for a person to choose, who has read it.",
    ),
    maps=(
        *also(
            "keeps what runs as root in each run of a job out of everybody's reach",
            Relation.SUBSET,
            nist="AC-3 CM-5 SI-7",
            soc2="CC6.1 CC6.8",
            pci="7.2.2 7.2.5",
            hipaa="164.308(a)(5)(ii)(B)",
            iso="A.8.3 A.8.19",
            ccm="CCC-04 IAM-05",
        ),
        *also("leaves an intruder no script to replace before tonight's run", attack="T1059 T1546"),
        *also("looks for init scripts in DBFS too, by the jobs that name them", sat="GOV-25"),
    ),
)


@CONTROL.check
def check(cluster: JobCluster, _: Context) -> Judgement:
    """No init script is a file in DBFS."""
    return off_dbfs(cluster)


def _cluster(*scripts: dict[str, Any], **fields: Any) -> MemorySnapshot:
    keys = {"job_id": 7, "part": "cluster main", "name": "nightly, cluster main"}
    return given(job_clusters=[{**keys, "init_scripts": list(scripts), **fields}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("a volume", _cluster(VOLUME))
    yield fails("DBFS", _cluster(DBFS))
    yield fails("DBFS beside a volume", _cluster(VOLUME, DBFS))
    yield unclear("scripts of the wrong type", _cluster(init_scripts="dbfs:/init/setup.sh"))
    yield unclear("jobs may not be listed", given(job_clusters=refused()))
    yield exempt("it has none", _cluster())
    yield exempt("no job has a cluster", given(job_clusters=[]))
