"""Clusters start on the machines of a pool, with the images that it preloads. Who may manage it
may change the size of the bill, the machines and the images under the clusters of everybody else,
so that right is not one for all users.
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
from lakewarden.controls.kit.workload_subjects import POOL_ACL
from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.workloads import POOL_PERMISSIONS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="pool-acls",
    title="The group of all users may not manage the pool",
    paper=("P34",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=POOL_ACL,
    needs=(POOL_PERMISSIONS.need(),),
    fix=Fix(
        "Take CAN_MANAGE from the group users, and give them to the people who run the pool.",
        console="Compute, Pools, the pool, Permissions: remove users, or leave them CAN_ATTACH_TO.",
        api='PATCH /api/2.0/permissions/instance-pools/{id} {"access_control_list": '
        '[{"group_name":"users", "permission_level": "CAN_ATTACH_TO"}]}',
        terraform="databricks_permissions: instance_pool_id, and in access_control "
        'permission_level = "CAN_ATTACH_TO".',
        breaks="People who changed a pool that others depend on must ask its owners.",
    ),
    maps=(
        *also(
            "leaves it to few to change the machines under other people's clusters",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-5",
            soc2="CC6.1 CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.15 A.8.3",
            ccm="IAM-05 IAM-16",
        ),
        *also(
            "keeps a stolen login from growing the pool or changing its images",
            attack="T1496 T1578",
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
    """Leave everybody CAN_ATTACH_TO, in the place of what lets them change it."""
    yield spare("instance-pools", permissions, at, _LEVELS, leaving="CAN_ATTACH_TO")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from acl_examples(POOL_PERMISSIONS, _LEVELS, "CAN_ATTACH_TO")
