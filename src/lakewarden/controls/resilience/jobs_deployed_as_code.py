"""A production job that people edit by hand is a door around every review: one changed path or
parameter, and tonight's run does something else. A job that is deployed as code, or runs one tagged
version of it, changes when somebody changes the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, any_of, expect
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
from lakewarden.controls.kit.job_code import PRODUCTION, bundled, job_in, pinned
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.production import in_production
from lakewarden.controls.kit.subjects import JOB
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Step, Wish

_LOCKED: Final = "UI_LOCKED"
_MODE: Final = "/settings/edit_mode"

CONTROL = Control(
    id="jobs-deployed-as-code",
    title="The production job is deployed as code, not edited by hand",
    paper=("P20",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=JOB,
    needs=(JOBS.need(),),
    fix=Fix(
        "Describe the job in a bundle and deploy it from your pipeline, or lock it for the console "
        "and let it take its code from one tag or commit.",
        console="No page of the console has it: a bundle locks the job when it deploys it.",
        api='POST /api/2.2/jobs/update {"job_id": 7, "new_settings": {"edit_mode": "UI_LOCKED"}}',
        terraform='databricks_job { edit_mode = "UI_LOCKED", git_source { tag = ... } }.',
        breaks="People can no longer change the job in the console; a change takes a deployment.",
    ),
    maps=(
        *also(
            "lets a production job change by way of its code alone",
            Relation.SUBSET,
            nist="CM-2(2) CM-3 CM-5 SA-10",
            soc2="CC8.1",
            pci="6.5",
            hipaa="164.312(c)(1)",
            iso="A.8.9 A.8.32",
            ccm="CCC-04",
            dasf="DASF-52",
        ),
        *also(
            "takes away the console as a quiet way to change what runs tonight",
            attack="T1546 T1648",
        ),
    ),
)


@CONTROL.check
def check(job: Job, at: Context) -> Judgement:
    """A bundle deployed it, the console cannot edit it, or it runs one tag or commit."""

    def judge() -> Judgement:
        locked = expect(
            job.edit_mode,
            lambda mode: mode == _LOCKED,
            expected=_LOCKED,
            otherwise="people can edit it in the console",
        )
        return any_of(bundled(job), locked, pinned(job))

    return in_production(at, judge)


@CONTROL.mends
def mend(job: Job, at: Context) -> Iterable[Wish | Step]:
    """Lock it for the console, and have people bring its description into code."""
    target = Target("job", scope_of(at.workspace), str(job.id))
    name = str(job.id) if job.name.gap is not None else job.name.get() or str(job.id)
    yield Wish(target, name, {_MODE: job.edit_mode.get()}, {_MODE: _LOCKED})
    yield Step(
        f"Describe the job {name} in a bundle or in Terraform code, since the console will no "
        "longer change it, and deploy it from your pipeline.",
        f"the job's deployment is a bundle, or `terraform plan` shows the job {name} unchanged",
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""

    def job(**settings: Any) -> Any:
        return job_in("production", **settings)

    yield passes("a bundle", job(deployment={"kind": "BUNDLE"}), PRODUCTION)
    yield passes("locked for the console", job(edit_mode="UI_LOCKED"), PRODUCTION)
    source = {"git_url": "https://github.com/acme/lake"}
    yield passes("a tag", job(git_source={**source, "git_tag": "v1"}), PRODUCTION)
    yield passes("a commit", job(git_source={**source, "git_commit": "0a1b2c"}), PRODUCTION)
    task = {"notebook_task": {"notebook_path": "/Shared/a", "source": "WORKSPACE"}}
    apart = job(git_source={**source, "git_tag": "v1"}, tasks=[task])
    yield fails("a tag, and a task that goes its own way", apart, PRODUCTION)
    yield fails("a branch", job(git_source={**source, "git_branch": "main"}), PRODUCTION)
    yield fails("by hand", job(edit_mode="EDITABLE"), PRODUCTION)
    yield fails("by hand, in an unlabelled workspace", job_in(None), PRODUCTION)
    yield fails("by hand, and nobody says what production is", job_in("development"))
    odd = job(git_source="main", deployment=["BUNDLE"])
    yield unclear("settings of the wrong type", odd, PRODUCTION)
    yield unclear("jobs may not be listed", given(jobs=refused()))
    yield exempt("a workspace for trials", job_in("development"), PRODUCTION)
    yield exempt("there are no jobs", given(jobs=[]))
