"""A job that runs as a person has that person's rights, stops when they leave, and can be changed
by whoever holds their session. A service principal has the rights of the job alone, signs in with a
machine's credential, and its doings are told apart in the audit log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, holds, unknown, violated
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
from lakewarden.controls.kit.subjects import JOB
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="jobs-run-as-service-principals",
    title="The job runs as a service principal",
    paper=("P20",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=JOB,
    needs=(JOBS.need(),),
    fix=Fix(
        "Set run_as of the job to a service principal that may do just what the job does, "
        "best in the bundle or Terraform code that deploys it.",
        console="Open the job, Job details, Run as: choose the service principal.",
        api='POST /api/2.2/jobs/update {"job_id": 7, "new_settings": {"run_as": '
        '{"service_principal_name": "<application id>"}}}',
        terraform="databricks_job { run_as { service_principal_name = ... } }.",
        breaks="The job fails where the service principal lacks a right that the person had: on "
        "tables, secrets, repositories or its cluster.",
        no_api="Only you know which service principal has the rights that the job needs and no "
        "more; a wrong one fails tonight.",
    ),
    maps=(
        *also(
            "gives a job an identity that is no person's, with the rights of its task",
            Relation.SUBSET,
            nist="AC-2 AC-6",
            soc2="CC6.1 CC6.3",
            pci="7.2.5 8.6",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.16 A.5.18",
            ccm="IAM-05 IAM-13",
        ),
        *also(
            "keeps whoever can change the job from acting with a person's rights",
            attack="T1078.004 T1648",
        ),
        *also("asks the same of the identity that jobs run as", Relation.EQUAL, sat="GOV-42"),
    ),
)

_EXPECTED: Final = "a service principal"
_APPLICATION_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""How the service names a service principal."""


@CONTROL.check
def check(job: Job, _: Context) -> Judgement:
    """Neither the setting nor the identity in effect is a person's."""
    run_as, effective = job.run_as.get(), job.run_as_name.get()
    asked = (run_as.user_name or run_as.group_name) if run_as else ""
    if asked:
        evidence = Evidence(job.run_as.source, job.run_as.field, asked, _EXPECTED)
        return violated(f"it is set to run as {asked}", evidence)
    principal = run_as.service_principal_name if run_as else ""
    name = effective or principal
    if not name:
        gap = JOBS.gap(Cause.MISSING_FIELD, "nothing in the answer says whom the job runs as")
        return unknown(gap, field=job.run_as_name.field, expected=_EXPECTED)
    evidence = Evidence(job.run_as_name.source, job.run_as_name.field, name, _EXPECTED)
    if "@" in name:
        return violated(f"it runs as {name}, a person", evidence)
    if not _APPLICATION_ID.fullmatch(name):
        gap = JOBS.gap(Cause.MALFORMED, f"{name!r} is neither a person nor an application id")
        return unknown(gap, field=job.run_as_name.field, expected=_EXPECTED)
    return holds(evidence)


def _job(**fields: Any) -> MemorySnapshot:
    return given(jobs=[{"job_id": 7, "settings": {"name": "nightly"}, **fields}])


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    robot = "5f0c1f6e-0000-4000-8000-000000000001"
    asked = {"run_as": {"service_principal_name": robot}}
    yield passes("it is set so", _job(settings=asked))
    yield passes("it is so in effect", _job(run_as_user_name=robot))
    yield fails("a person in effect", _job(run_as_user_name="ann@example.com"))
    person = {"run_as": {"user_name": "ann@example.com"}}
    yield fails("a person by its settings", _job(settings=person))
    yield fails("a person, though set otherwise", _job(settings=asked, run_as_user_name="a@b.c"))
    yield fails("a group", _job(settings={"run_as": {"group_name": "data"}}))
    yield unclear("nobody says", _job())
    yield unclear("a name that could be anybody's", _job(run_as_user_name="retrain"))
    yield unclear("a setting of the wrong type", _job(settings={"run_as": robot}))
    yield unclear("jobs may not be listed", given(jobs=refused()))
    yield exempt("there are no jobs", given(jobs=[]))
