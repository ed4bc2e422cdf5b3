"""The machines of a pool wait, and cost, whether or not a cluster uses them, and they carry the
tags of the pool, not those of the cluster. A pool without tags makes every cluster on it
anonymous to AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, exempt, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.tags import WANTED, carries, examples_of
from lakewarden.controls.kit.workload_subjects import POOL
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import INSTANCE_POOLS, InstancePool
from lakewarden.ledger.finding import Severity

CONTROL = Control(
    id="pool-tags",
    title="The instance pool carries the tags that the organisation asks for",
    paper=("P37",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=POOL,
    needs=(INSTANCE_POOLS.need(),),
    fix=Fix(
        "Make the pool anew with the missing tags and move its clusters and policies there; the "
        "tags "
        "of a pool cannot be changed afterwards.",
        console="Compute, Pools: create a pool with the tags under Tags, and delete the old one.",
        api="No call changes them; POST /api/2.0/instance-pools/create with custom_tags makes "
        "another.",
        terraform="databricks_instance_pool { custom_tags = { ... } }, which replaces the pool.",
        breaks="Clusters, jobs and policies that name the old pool fail until they name the new "
        "one.",
        no_api="The tags of a pool cannot be changed; clusters, jobs and policies must move to "
        "another pool, at a time that suits their owners.",
        no_terraform="The resource databricks_instance_pool deletes the pool and makes another, "
        "under clusters that still name the old one.",
    ),
    maps=(
        *also(
            "names an owner for the machines of a pool, in AWS as well",
            Relation.SUBSET,
            nist="CM-8 CM-8(4)",
            soc2="CC6.1",
            iso="A.5.9",
            ccm="DCS-06",
        ),
        *also(
            "makes machines that nobody owns stand out, those of an intruder too",
            nist="CM-8(3)",
            attack="T1496 T1578.002",
        ),
    ),
)


@CONTROL.check
def check(pool: InstancePool, at: Context) -> Judgement:
    """Every key is there, with a value that is allowed."""
    return carries(pool.tags, pool.tags.get(), at.policy)


def _tagged(tags: Mapping[str, str]) -> MemorySnapshot:
    return given(instance_pools=[{"instance_pool_id": "p1", "custom_tags": tags}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield from examples_of(_tagged)
    yield unclear("pools may not be listed", given(instance_pools=refused()), WANTED)
    yield exempt("there are no pools", given(instance_pools=[]), WANTED)
