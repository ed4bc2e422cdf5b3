"""Code that goes to production by review, tests and a pipeline leaves a trail and needs two people.
A job that somebody changes by hand, with whatever rights they hold today, goes around all of it.
That there is such a way no API shows; that people go around it, the audit log does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
from lakewarden.controls.kit.control import (
    HIGH,
    Basis,
    Context,
    Control,
    Example,
    attested,
    exempt,
    fails,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.production import in_production
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import Workspace
from lakewarden.estate.activity import JOB_CHANGES
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import WORKSPACE_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Attestation, Policy

CONTROL = Control(
    id="ci-cd-practised",
    title="Jobs reach production by review and a pipeline, never by hand",
    paper=("P20",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(JOB_CHANGES.need(),),
    limits=("evidence_days",),
    fix=Fix(
        "Deploy jobs from a pipeline that runs as a service principal after review, scan the code "
        "for secrets on the way, and attest it in lakewarden.toml.",
        console="No page of the console does it; take CAN_MANAGE on production jobs from people.",
        api="No API changes it; the pipeline calls POST /api/2.2/jobs/create and reset as a "
        "service "
        "principal with a federation policy.",
        terraform="databricks_service_principal_federation_policy for the pipeline, and "
        "databricks_permissions that leave people CAN_VIEW.",
        breaks="People can no longer mend a production job by hand; keep a way for emergencies.",
        no_api="No API shows how code is reviewed; a person must vouch for it.",
        no_terraform="No resource reviews code.",
    ),
    basis=Basis.ATTESTATION,
    maps=(
        *also(
            "has review and a pipeline vouched for, and finds jobs that people changed by hand",
            Relation.SUBSET,
            nist="CM-3 CM-3(2) CM-5 SA-10",
            soc2="CC8.1",
            pci="6.5",
            hipaa="164.312(c)(1)",
            iso="A.8.25 A.8.32",
            ccm="CCC-04 CCC-07",
            dasf="DASF-52",
        ),
        *also("leaves no quiet way to have production run other code", attack="T1546 T1648"),
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No person created or changed a job of a production workspace of late."""
    return in_production(at, lambda: _by_robots(workspace, at))


def _by_robots(workspace: Workspace, at: Context) -> Judgement:
    changes = at.estate.of(JOB_CHANGES)
    users = {change.user for change in changes.seen() if change.workspace_id == workspace.id}
    people = {user for user in users if "@" in user}
    if not people:
        list(changes.each())
        if _NOBODY in users:
            detail = "a change to a job does not say who made it"
            raise UnreadError(JOB_CHANGES.gap(Cause.MISSING_FIELD, detail))
    shown = Evidence(JOB_CHANGES.source, "people who changed jobs", sorted(people), "nobody")
    told = f"{', '.join(sorted(people))} changed production jobs by hand"
    return observe(not people, shown, otherwise=told)


_NOBODY: Final = "unknown"
"""Who did what an event names nobody for."""


def _word(expires: date) -> Policy:
    word = Attestation(CONTROL.id, "Ann Admin", "pipeline review, ticket OPS-3", expires)
    tags = {"Environment": "production"}
    return Policy(attestations=(word,), production_tags=tags)


_LASTING = _word(date(2026, 1, 1))


def _changes(*users: str, place: int = WORKSPACE_ID, stage: str = "production") -> MemorySnapshot:
    done: list[dict[str, Any]] = [
        {"workspace_id": place, "action": "reset", "user": user, "times": 1, "last": 1}
        for user in users
    ]
    return given(workspace={"custom_tags": {"Environment": stage}}, job_changes=done)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be attested, contradicted, exempt, lapsed and silent."""
    robot = "5f0c1f6e-0000-4000-8000-000000000001"
    yield attested("the pipeline alone", _changes(robot), _LASTING)
    yield attested("nobody", _changes(), _LASTING)
    yield attested("a person elsewhere", _changes("ann@example.com", place=2), _LASTING)
    yield fails("a person", _changes(robot, "ann@example.com"), _LASTING)
    yield fails("a person, and nobody attests it", _changes("ann@example.com"))
    shouted = _changes("ann@example.com", stage="Production")
    yield fails("a person, and the tag in other letters", shouted, _LASTING)
    yield fails("a person, and an empty tag", _changes("ann@example.com", stage=""), _LASTING)
    yield unclear("nobody knows who", _changes(robot, "unknown"), _LASTING)
    yield unclear("expired yesterday", _changes(robot), _word(date(2025, 12, 31)))
    yield unclear("nobody attests it", _changes(robot))
    yield unclear("attested, but no logs", given(job_changes=refused()), _LASTING)
    trial = _changes("ann@example.com", stage="development")
    yield exempt("a workspace for trials", trial, _LASTING)
