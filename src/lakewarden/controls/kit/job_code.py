"""Where the code of a job comes from."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, all_of, expect, observe
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence
from lakewarden.policyfile.policy import Policy

PRODUCTION: Final = Policy(production_tags={"Environment": "production"})
"""What the examples of controls about production ask for."""
_BUNDLE: Final = "BUNDLE"
_WORKSPACE: Final = "WORKSPACE"


def bundled(job: Job) -> Condition:
    """Require that a bundle deployed the job."""
    return expect(
        job.deployment,
        lambda found: found is not None and found.kind == _BUNDLE,
        expected=_BUNDLE,
        otherwise="no bundle deployed it",
    )


def from_git(job: Job) -> Condition:
    """Require that the job takes its code from a repository at each run, in every task."""
    return all_of(
        expect(
            job.git,
            lambda source: source is not None,
            expected="a repository",
            otherwise="it takes its code from no repository",
        ),
        lambda: _no_task_apart(job),
    )


def pinned(job: Job) -> Condition:
    """Require that its code is of one tag or commit, not of wherever a branch points."""
    return all_of(
        expect(
            job.git,
            lambda source: source is not None and bool(source.git_tag or source.git_commit),
            expected="one tag or commit",
            otherwise="its code is not of one tag or commit",
        ),
        lambda: _no_task_apart(job),
    )


def _no_task_apart(job: Job) -> Condition:
    """Require that no task says that its own code lies in the workspace, whatever the job says.

    Raises:
        UnreadError: there are more tasks than the answer shows, or it shows none.
    """
    apart = [
        task.code.path for task in job.tasks.get() if task.code and task.code.source == _WORKSPACE
    ]
    if not apart and job.more_tasks.get():
        detail = f"job {job.id} has more tasks than this answer shows"
        raise UnreadError(JOBS.gap(Cause.NOT_READ, detail))
    evidence = Evidence(job.tasks.source, job.tasks.field, apart, "none from the workspace")
    return observe(not apart, evidence, otherwise=f"it runs {', '.join(apart)} of the workspace")


def job_in(environment: str | None, **settings: Any) -> MemorySnapshot:
    """Return an estate whose workspace has an Environment tag and one job, for examples."""
    tags = {"custom_tags": {"Environment": environment}} if environment else {}
    given_settings = {"name": "nightly", "tasks": [], **settings}
    job = {"job_id": 7, "settings": {k: v for k, v in given_settings.items() if v is not None}}
    return given(workspace=tags, jobs=[job])
