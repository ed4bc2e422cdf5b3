"""Whoever may manage a cluster may add a script that runs as root on its next start, and whoever
may restart it makes that start happen. With either right in the hands of everybody, any stolen
login reaches the tokens of all that work there.
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
from lakewarden.controls.kit.workload_subjects import CLUSTER_ACL
from lakewarden.estate.access import ObjectPermissions
from lakewarden.estate.workloads import CLUSTER_PERMISSIONS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="cluster-acls",
    title="The group of all users may neither restart nor manage the cluster",
    paper=("P34",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=CLUSTER_ACL,
    needs=(CLUSTER_PERMISSIONS.need(),),
    fix=Fix(
        "Take CAN_RESTART and CAN_MANAGE from the group users, and give them to the people who run "
        "the cluster.",
        console="Compute, the cluster, Permissions: remove users, or leave them CAN_ATTACH_TO.",
        api='PATCH /api/2.0/permissions/clusters/{id} {"access_control_list": [{"group_name": '
        '"users", "permission_level": "CAN_ATTACH_TO"}]}',
        terraform="databricks_permissions: cluster_id, and in access_control "
        'permission_level = "CAN_ATTACH_TO".',
        breaks="People who restarted or edited a cluster that others depend on must ask its "
        "owners.",
    ),
    maps=(
        *also(
            "leaves it to the people who run a cluster to restart or change it",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-5",
            soc2="CC6.1 CC6.3",
            pci="7.2.1 7.2.2",
            hipaa="164.308(a)(4)(i)",
            iso="A.5.15 A.8.3",
            ccm="IAM-05 IAM-16",
        ),
        *also(
            "keeps a stolen login from changing the machines under everybody's work",
            attack="T1078.004 T1578",
        ),
    ),
)

_LEVELS: Final = ("CAN_RESTART", "CAN_MANAGE")


@CONTROL.check
def check(permissions: ObjectPermissions, _: Context) -> Judgement:
    """Neither users nor account users hold what lets them change it."""
    return spared(permissions, _LEVELS)


@CONTROL.mends
def mend(permissions: ObjectPermissions, at: Context) -> Iterable[Wish]:
    """Leave everybody CAN_ATTACH_TO, in the place of what lets them change it."""
    yield spare("clusters", permissions, at, _LEVELS, leaving="CAN_ATTACH_TO")


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield from acl_examples(CLUSTER_PERMISSIONS, _LEVELS, "CAN_ATTACH_TO")
