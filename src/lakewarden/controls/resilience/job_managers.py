"""Whoever can manage a job can replace its code and so act with the rights of the identity that it
runs as. Production code then no longer comes from review and deployment alone, and one taken-over
account reaches everything that the job reaches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.acl_wishes import Entry, acl_wish
from lakewarden.controls.kit.condition import Judgement, observe
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
from lakewarden.controls.kit.subjects import JOB_ACL
from lakewarden.estate.access import JOB_PERMISSIONS, Grantee, ObjectPermissions
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="job-managers",
    title="Nobody but its owner, admins and service principals can manage the job",
    paper=("P20",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=JOB_ACL,
    needs=(JOB_PERMISSIONS.need(),),
    fix=Fix(
        "Lower the grants to CAN_MANAGE_RUN or CAN_VIEW, and leave changes of the job to "
        "the service principal that deploys it.",
        console="Open the job, Job details, Permissions: lower or remove the grants.",
        api="PUT /api/2.0/permissions/jobs/{job_id} with the whole access_control_list: the owner "
        "as IS_OWNER, others as CAN_MANAGE_RUN or CAN_VIEW.",
        terraform="databricks_permissions { job_id, access_control { ... } }, which replaces the "
        "whole list.",
        breaks="People who change the job by hand can no longer do so; they can still run it.",
    ),
    maps=(
        *also(
            "leaves changes of a job to its owner, admins and machines",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-5",
            soc2="CC6.3 CC8.1",
            pci="6.5 7.2.2",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.15 A.8.32",
            ccm="CCC-04 IAM-05",
        ),
        *also(
            "keeps an account that is taken over from having a job run other code",
            attack="T1078.004 T1648",
        ),
        *also(
            "asks about the same grants of every job, which machines may hold here", sat="GOV-45"
        ),
    ),
)

_ADMINS: Final = "admins"
_LESS: Final = "CAN_MANAGE_RUN"
"""What those who could change the job keep: they run it and stop it."""


@CONTROL.check
def check(job: ObjectPermissions, _: Context) -> Judgement:
    """No other person and no other group holds CAN_MANAGE."""
    managers = [entry for entry in job.acl.get() if entry.may("CAN_MANAGE")]
    others = [entry.name for entry in _others(job)]
    evidence = Evidence(
        job.acl.source,
        "holders of CAN_MANAGE",
        [entry.name for entry in managers],
        "the owner, admins and service principals",
    )
    return observe(not others, evidence, otherwise=f"{', '.join(others)} can change the job's code")


@CONTROL.mends
def mend(job: ObjectPermissions, at: Context) -> Iterable[Wish]:
    """Let the others run the job, and not change it."""
    others = _others(job)
    for entry in others:
        for held in entry.all_permissions:
            if held.inherited and held.permission_level == "CAN_MANAGE":
                raise CannotPlanError(f"{entry.name} inherits CAN_MANAGE: take it away above")
    names = {entry.name for entry in others}

    def lowered(entries: list[Entry]) -> list[Entry]:
        found = [
            {**entry, "permission_level": _LESS}
            if entry["permission_level"] == "CAN_MANAGE" and names & {*entry.values()}
            else entry
            for entry in entries
        ]
        return [entry for n, entry in enumerate(found) if entry not in found[:n]]

    yield acl_wish("jobs", job, at, lowered)


def _others(job: ObjectPermissions) -> list[Grantee]:
    """Return the holders of CAN_MANAGE who should not be.

    Raises:
        UnreadError: that is not known.
    """
    owned = any(entry.may("IS_OWNER") for entry in job.acl.get())
    creator = "" if owned else job.owner.get()
    managers = (entry for entry in job.acl.get() if entry.may("CAN_MANAGE"))
    return [entry for entry in managers if not _expected(entry, creator)]


def _expected(entry: Grantee, creator: str | None) -> bool:
    """Return whether a holder of CAN_MANAGE is one who should be."""
    if entry.service_principal_name or entry.group_name == _ADMINS or entry.may("IS_OWNER"):
        return True
    return bool(entry.user_name) and entry.user_name == creator


def _grant(kind: str, name: str, *levels: str, inherited: bool = False) -> dict[str, Any]:
    permissions = [{"permission_level": level, "inherited": inherited} for level in levels]
    return {f"{kind}_name": name, "all_permissions": permissions}


def _acl(*grants: dict[str, Any], owner: str | None = "ann@example.com") -> MemorySnapshot:
    admins = _grant("group", _ADMINS, "CAN_MANAGE", inherited=True)
    entry = {"id": "7", "name": "nightly", "owner": owner}
    return given(job_permissions=[{**entry, "access_control_list": [admins, *grants]}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("the owner", _acl(_grant("user", "ann@example.com", "IS_OWNER")))
    yield passes("its creator", _acl(_grant("user", "ann@example.com", "CAN_MANAGE")))
    yield passes("a service principal", _acl(_grant("service_principal", "robot", "CAN_MANAGE")))
    yield passes("others may run it", _acl(_grant("user", "bo@example.com", "CAN_MANAGE_RUN")))
    robot = _grant("service_principal", "robot", "IS_OWNER")
    creator = _grant("user", "ann@example.com", "CAN_MANAGE")
    yield fails("its creator, and it is another's now", _acl(robot, creator))
    yield fails("another person", _acl(_grant("user", "bo@example.com", "CAN_MANAGE")))
    yield fails("everybody", _acl(_grant("group", "users", "CAN_MANAGE")))
    above = _grant("group", "analysts", "CAN_MANAGE", inherited=True)
    yield fails("a group, from a folder above", _acl(above))
    entry = _grant("user", "bo@example.com", "CAN_MANAGE")
    yield fails("a person, and nobody knows the owner", _acl(entry, owner=None))
    bare = {"id": "7", "name": "nightly"}
    yield unclear("the list is missing from the answer", given(job_permissions=[bare]))
    yield unclear("permissions may not be read", given(job_permissions=refused()))
    yield exempt("there are no jobs", given(job_permissions=[]))
