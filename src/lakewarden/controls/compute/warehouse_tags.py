"""A SQL warehouse that nobody owns on the bill may run for months for nobody, or for somebody who
has no business with the data. Tags say whom to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example, exempt, unclear
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.tags import WANTED, carries, examples_of, missing_tags
from lakewarden.controls.kit.workload_subjects import WAREHOUSE
from lakewarden.controls.kit.workload_wishes import warehouse_wish
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import WAREHOUSES, Warehouse
from lakewarden.ledger.finding import Severity
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="warehouse-tags",
    title="The SQL warehouse carries the tags that the organisation asks for",
    paper=("P37",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WAREHOUSE,
    needs=(WAREHOUSES.need(),),
    fix=Fix(
        "Give the warehouse the missing tags, by hand or in the code that makes it; they show on "
        "the "
        "bill from its next start on.",
        console="Edit the warehouse, Advanced options, Tags: add the keys with their values.",
        api='POST /api/2.0/sql/warehouses/{id}/edit {"tags": {"custom_tags": [{"key": '
        '"CostCenter", '
        '"value": "..."}]}}',
        terraform="databricks_sql_endpoint { tags { custom_tags { key = ..., value = ... } } }.",
        breaks="A classic warehouse restarts its machines to carry the tags, and its queries with "
        "it.",
    ),
    maps=(
        *also(
            "names an owner for each warehouse, whom one can ask what it is for",
            Relation.SUBSET,
            nist="CM-8 CM-8(4)",
            soc2="CC6.1",
            iso="A.5.9",
            ccm="DCS-06",
        ),
        *also(
            "makes a warehouse that runs for nobody stand out",
            nist="CM-8(3)",
            attack="T1496",
        ),
    ),
)


@CONTROL.check
def check(warehouse: Warehouse, at: Context) -> Judgement:
    """Every key is there, with a value that is allowed."""
    return carries(warehouse.tags, {tag.key: tag.value for tag in warehouse.tags.get()}, at.policy)


@CONTROL.mends
def mend(warehouse: Warehouse, at: Context) -> Iterable[Wish]:
    """Add what is missing."""
    tags = {tag.key: tag.value for tag in warehouse.tags.get()}
    before, after = {}, {}
    for key, value in missing_tags(tags, at).items():
        place = path("tags", "custom_tags", f"[key={key}]")
        before[place] = {"key": key, "value": tags[key]} if key in tags else None
        after[place] = {"key": key, "value": value}
    yield warehouse_wish(warehouse, at, before, after)


def _tagged(tags: Mapping[str, str]) -> MemorySnapshot:
    return given(
        warehouses=[
            {
                "id": "w1",
                "name": "sql",
                "tags": {"custom_tags": [{"key": k, "value": v} for k, v in tags.items()]},
            }
        ]
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield from examples_of(_tagged)
    bare = [{"id": "w1", "name": "sql", "tags": {"custom_tags": "none"}}]
    yield unclear("tags of the wrong type", given(warehouses=bare), WANTED)
    yield unclear("warehouses may not be listed", given(warehouses=refused()), WANTED)
    yield exempt("there are no warehouses", given(warehouses=[]), WANTED)
