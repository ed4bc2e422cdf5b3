"""Everybody who may attach to a cluster can read its Spark configuration and its environment, and
so can every process on it and every log that prints them. A cloud key or password written there is
the shortest way from one notebook, or one stolen session, to whatever that key opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lakewarden.controls.kit.condition import Judgement, all_of
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.controls.kit.withheld import moved_to_scope, no_secret
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.semantics.secret_shapes import withhold

CONTROL = Control(
    id="cluster-settings-without-secrets",
    title="The cluster's configuration and environment hold no credential in the clear",
    paper=("P36",),
    severity=Severity.CRITICAL,
    postures=BOTH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(),),
    fix=moved_to_scope(
        "the cluster",
        "POST /api/2.1/clusters/edit with the reference in spark_conf or spark_env_vars",
        "spark_conf or spark_env_vars of databricks_cluster with the reference",
        "The cluster restarts; whatever still uses the revoked credential fails until it is "
        "given the new one.",
    ),
    maps=also(
        "finds credentials that everybody who may see the cluster can read",
        Relation.SUBSET,
        nist="IA-5 IA-5(6) SC-28",
        soc2="CC6.1",
        pci="8.3.2 8.6",
        hipaa="164.308(a)(5)(ii)(D)",
        iso="A.5.17 A.8.9 A.8.12",
        ccm="IAM-14 DSP-17",
        dasf="DASF-33",
        attack="T1552 T1552.001 T1078.004",
    ),
)


@CONTROL.check
def check(cluster: Cluster, _: Context) -> Judgement:
    """Neither the Spark configuration nor the environment looks like a credential."""
    return all_of(lambda: no_secret(cluster.spark_conf), lambda: no_secret(cluster.spark_env))


def _cluster(env: Mapping[str, str] | None = None, **conf: Any) -> MemorySnapshot:
    kept = {name: withhold(name, value) for name, value in conf.items()}
    environment = {name: withhold(name, value) for name, value in (env or {}).items()}
    item = {"cluster_id": "c", "cluster_name": "etl"}
    return given(clusters=[{**item, "spark_conf": kept, "spark_env_vars": environment}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    key, reference = "AKIA" + "Q" * 16, "{{secrets/lake/key}}"
    named = "fs.s3a.secret.key"
    yield passes("ordinary settings", _cluster({}, **{"spark.speculation": "true"}))
    yield passes("a reference", _cluster({"DB_PASSWORD": reference}, **{named: reference}))
    yield passes("no settings", given(clusters=[{"cluster_id": "c", "cluster_name": "etl"}]))
    yield fails("an AWS key in the Spark configuration", _cluster({}, **{"fs.s3a.access.key": key}))
    yield fails("an AWS key in the environment", _cluster({"X": key}))
    yield fails("a password by its name", _cluster({"DB_PASSWORD": "Winter-of-21"}))
    yield fails("one right, one wrong", _cluster({"A": reference, "B": key}))
    odd = [{"cluster_id": "c", "cluster_name": "etl", "spark_conf": ["x"]}]
    yield unclear("settings that are none", given(clusters=odd))
    worse = [{**odd[0], "spark_env_vars": {"X": withhold("X", key)}}]
    yield fails("wrong, whatever else is unknown", given(clusters=worse))
    yield unclear("clusters may not be listed", given(clusters=refused()))
    yield exempt("there are no clusters", given(clusters=[]))
