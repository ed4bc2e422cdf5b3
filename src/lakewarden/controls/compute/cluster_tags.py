"""A cluster without tags is a cost that nobody owns. Machines that a thief runs hide best among
machines of which nobody knows whose they are, and the bill tells of them only where every other
amount has a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, exempt, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.spec_wishes import rules_over, spec_wish
from lakewarden.controls.kit.specs import FILLED
from lakewarden.controls.kit.subjects import CLUSTER
from lakewarden.controls.kit.tags import WANTED, carries, examples_of, missing_tags
from lakewarden.estate.compute import CLUSTERS, Cluster
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="cluster-tags",
    title="The cluster carries the tags that the organisation asks for",
    paper=("P37",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=CLUSTER,
    needs=(CLUSTERS.need(),),
    fix=Fix(
        "Give the cluster the missing tags, and let the cluster policies fix them so that nobody "
        "can "
        "leave them out.",
        console="Edit the cluster, Advanced, Tags: add the keys with their values.",
        api="POST /api/2.1/clusters/edit with custom_tags in the whole cluster specification.",
        terraform="databricks_cluster { custom_tags = { CostCenter = ..., Owner = ... } }.",
        breaks="A running cluster restarts; a cluster from a pool hands its tags to the bill of "
        "Databricks alone, and the machines carry the tags of the pool.",
    ),
    maps=(
        *also(
            "names an owner for each cluster, whom one can ask what it is for",
            Relation.SUBSET,
            nist="CM-8 CM-8(4)",
            soc2="CC6.1",
            iso="A.5.9",
            ccm="DCS-06",
        ),
        *also(
            "makes a cluster that nobody owns stand out, one of an intruder too",
            nist="CM-8(3)",
            attack="T1496 T1578.002",
        ),
    ),
    plans_with=FILLED,
)


@CONTROL.check
def check(cluster: Cluster, at: Context) -> Judgement:
    """Every key is there, with a value that is allowed."""
    return carries(cluster.tags, cluster.tags.get(), at.policy)


@CONTROL.mends
def mend(cluster: Cluster, at: Context) -> Iterable[Wish]:
    """Add what is missing."""
    rules, tags = rules_over(cluster, at), cluster.tags.get()
    wanted = missing_tags(tags, at, rules)
    before = {path("custom_tags", key): tags.get(key) for key in wanted}
    after = {path("custom_tags", key): value for key, value in wanted.items()}
    yield spec_wish(cluster, at, before, after)


def _tagged(tags: Mapping[str, str]) -> MemorySnapshot:
    return given(clusters=[{"cluster_id": "c1", "cluster_name": "shared", "custom_tags": tags}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield from examples_of(_tagged)
    yield unclear("clusters may not be listed", given(clusters=refused()), WANTED)
    yield exempt("there are no clusters", given(clusters=[]), WANTED)
