"""On a cluster without user isolation everybody's code runs in one process as one system user. Any
of them can read the others' credentials, files and query results from memory and disk, and act in
their name, so the least trusted user of the cluster has the rights of the most trusted one.
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
from lakewarden.controls.kit.specs import for_platform, isolated
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="cluster-isolation",
    title="The cluster keeps its users apart",
    paper=("P32",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(),),
    fix=Fix(
        "Edit the cluster to the access mode Standard, or to Dedicated with one user or group, and "
        "set enforceUserIsolation to true in workspace-conf so that no other kind can be made.",
        console="Compute, the cluster, Edit: choose Standard or Dedicated under Access mode, and "
        "confirm the restart.",
        api='POST /api/2.1/clusters/update {"cluster_id": "...", "update_mask": '
        '"data_security_mode", "cluster": {"data_security_mode": "USER_ISOLATION"}}',
        terraform='databricks_cluster: data_security_mode = "USER_ISOLATION", or "SINGLE_USER" '
        "with single_user_name.",
        breaks="The cluster restarts. On Standard, RDDs, R, Scala of old runtimes and libraries "
        "that need the whole machine stop working for its users.",
    ),
    maps=(
        *also(
            "keeps one user's code from the memory and the credentials of the others",
            Relation.SUBSET,
            nist="AC-3 SC-4 SC-39",
            soc2="CC6.1",
            hipaa="164.312(a)(1)",
            iso="A.8.3",
            ccm="IVS-06",
            attack="T1550.001 T1552",
        ),
        *also(
            "lets a shared cluster read for each user only what that user may",
            cis_databricks="2.1.5",
            pci="7.2.6",
            dasf="DASF-5",
        ),
        *also(
            "judges the access mode of such clusters too, and lets legacy table ACLs pass",
            sat="GOV-12",
        ),
    ),
    plans_with=ISOLATING,
)

_STANDARD: Final = ("USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD")
"""The names of the mode; some policies ask for the newer one."""


@CONTROL.check
def check(cluster: Cluster, _: Context) -> Judgement:
    """A cluster that people attach to has an access mode that isolates them."""
    excused = for_platform(cluster, "people do not share it")
    if excused is not None:
        return excused
    return isolated(cluster.access_mode, cluster.single_user.get(), cluster)


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Make it Standard, unless its runtime runs on clusters of one user or group alone."""
    if "-ml-" in (cluster.runtime.get() or ""):
        raise CannotPlanError(
            "its runtime for machine learning wants the mode Dedicated: choose for whom by hand"
        )
    yield isolated_wish(cluster, at, _STANDARD)


_RUNTIME: Final = "15.4.x-scala2.12"


def _cluster(mode: str | None, **fields: Any) -> MemorySnapshot:
    cluster = {
        "cluster_id": "c1",
        "cluster_name": "shared",
        "cluster_source": "UI",
        "data_security_mode": mode,
        **fields,
    }
    return given(clusters=[cluster], workspace_conf={"enforceUserIsolation": None})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("standard, by its old name", _cluster("USER_ISOLATION"))
    yield passes("standard, by its new name", _cluster("DATA_SECURITY_MODE_STANDARD"))
    yield passes("dedicated to Ann", _cluster("SINGLE_USER", single_user_name="ann@example.com"))
    yield fails("dedicated to nobody", _cluster("SINGLE_USER"))
    yield passes("legacy table ACLs", _cluster("LEGACY_TABLE_ACL"))
    yield fails("no isolation", _cluster("NONE"))
    yield fails("no isolation, on a known runtime", _cluster("NONE", spark_version=_RUNTIME))
    acls = {"spark.databricks.acl.dfAclsEnabled": "true"}
    yield passes("no mode, but table ACLs", _cluster(None, spark_conf=acls))
    yield fails("no isolation, whatever Spark is told", _cluster("NONE", spark_conf=acls))
    yield fails("no mode at all", _cluster(None))
    yield exempt("a job's own cluster", _cluster("NONE", cluster_source="JOB"))
    yield unclear("a mode from the future", _cluster("QUANTUM"))
    yield unclear("a maker from the future", _cluster("NONE", cluster_source="QUANTUM"))
    yield unclear("nobody says who made it", _cluster("NONE", cluster_source=None))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("there are no clusters", given(clusters=[]))
