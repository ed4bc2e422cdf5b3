"""A SQL warehouse that never stops answers at any hour to any stolen token, and hides among its
own idle hours the queries of somebody who should not be there. Stopping by itself, it shows use at
night as a start that the audit log records.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.condition import Judgement, expect
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
from lakewarden.controls.kit.workload_subjects import WAREHOUSE
from lakewarden.controls.kit.workload_wishes import warehouse_wish
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.workloads import WAREHOUSES, Warehouse
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="warehouses-auto-stop",
    title="The SQL warehouse stops when nobody uses it",
    paper=("P33",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=WAREHOUSE,
    needs=(WAREHOUSES.need(),),
    fix=Fix(
        "Let the warehouse stop after a time of inactivity; ten minutes do for serverless ones.",
        console="SQL Warehouses, the warehouse, Edit: switch on Auto stop and fill in the minutes.",
        api='POST /api/2.0/sql/warehouses/{id}/edit {"auto_stop_mins": 10}',
        terraform="databricks_sql_endpoint: auto_stop_mins = 10.",
        breaks="The first query after a pause waits for the start, which takes minutes for "
        "warehouses that are not serverless.",
    ),
    limits=("warehouse_idle_minutes",),
    maps=(
        *also(
            "stops warehouses at hours when nobody works",
            Relation.SUBSET,
            nist="CM-7",
            soc2="CC5.2",
            iso="A.8.6 A.8.9",
            ccm="IVS-02",
        ),
        *also(
            "has use at night show in the audit log, as the start of a warehouse",
            nist="SI-4",
            soc2="CC7.2",
            hipaa="164.308(a)(1)(ii)(D)",
            iso="A.8.16",
            ccm="LOG-03",
            attack="T1078.004",
        ),
    ),
)

_LEAST: Final = 10
"""The shortest idle time that the platform takes, in minutes."""


@CONTROL.check
def check(warehouse: Warehouse, at: Context) -> Judgement:
    """It has an idle time, and one within the limit."""
    most = at.policy.limits.warehouse_idle_minutes
    never = warehouse.idle_minutes.gap is None and warehouse.idle_minutes.get() == 0
    return expect(
        warehouse.idle_minutes,
        lambda minutes: 1 <= minutes <= most,
        expected=f"1 to {most}",
        otherwise="it never stops by itself" if never else "it may idle for {value} minutes",
    )


@CONTROL.mends
def mend(warehouse: Warehouse, at: Context) -> Iterable[Wish]:
    """Let it idle for as long as is allowed."""
    most, place = at.policy.limits.warehouse_idle_minutes, f"/{warehouse.idle_minutes.field}"
    if most < _LEAST:
        raise CannotPlanError(
            f"limits.warehouse_idle_minutes is below {_LEAST}, which no API takes"
        )
    yield warehouse_wish(warehouse, at, {place: warehouse.idle_minutes.get()}, {place: most})


def _warehouse(minutes: int | None) -> MemorySnapshot:
    return given(warehouses=[{"id": "w1", "name": "sql", "auto_stop_mins": minutes}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("after as long as is allowed", _warehouse(60))
    yield fails("a minute later", _warehouse(61))
    yield passes(
        "a longer limit", _warehouse(61), Policy(thresholds={"warehouse_idle_minutes": 61})
    )
    yield fails("never", _warehouse(0))
    yield unclear("the answer does not say", _warehouse(None))
    yield unclear("warehouses may not be listed", given(warehouses=refused()))
    yield exempt("there are no warehouses", given(warehouses=[]))
