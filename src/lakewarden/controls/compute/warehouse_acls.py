"""Who may manage a SQL warehouse sees every query on it, with the values in it and under the name
of who asked, and may stop it, resize it or hand it to others. As a right of all users it opens
everybody's work to any stolen login.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lakewarden.controls.kit.acl_wishes import spare
from lakewarden.controls.kit.condition import Judgement
from lakewarden.controls.kit.control import HIGH, Context, Control, Example
from lakewarden.controls.kit.everybody import acl_examples, spared
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.workload_subjects import WAREHOUSE_ACL
from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.workloads import WAREHOUSE_PERMISSIONS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="warehouse-acls",
    title="The group of all users may not manage the warehouse",
    paper=("P34",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WAREHOUSE_ACL,
    needs=(WAREHOUSE_PERMISSIONS.need(),),
    fix=Fix(
        "Take CAN_MANAGE from the group users, and give them to the people who run the warehouse.",
        console="SQL Warehouses, the warehouse, Permissions: remove users, or leave them CAN_USE.",
        api='PATCH /api/2.0/permissions/warehouses/{id} {"access_control_list": [{"group_name": '
        '"users", "permission_level": "CAN_USE"}]}',
        terraform="databricks_permissions: sql_endpoint_id, and in access_control "
        'permission_level = "CAN_USE".',
        breaks="People who changed a SQL warehouse that others depend on must ask its owners.",
    ),
    maps=(
        *also(
            "leaves it to the people who run a warehouse to change it and see queries",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-5",
            soc2="CC6.1 CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IAM-05",
        ),
        *also(
            "keeps stolen logins from reading what others ask, and about whom",
            attack="T1078.004 T1213",
        ),
    ),
)

_LEVELS: Final = ("CAN_MANAGE",)


@CONTROL.check
def check(permissions: ObjectPermissions, _: Context) -> Judgement:
    """Neither users nor account users hold what lets them change it."""
    return spared(permissions, _LEVELS)


@CONTROL.mends
def mend(permissions: ObjectPermissions, at: Context) -> Iterable[Wish]:
    """Leave everybody CAN_USE, in the place of what lets them change it."""
    yield spare("warehouses", permissions, at, _LEVELS, leaving="CAN_USE")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from acl_examples(WAREHOUSE_PERMISSIONS, _LEVELS, "CAN_USE")
