"""Where the code of a job comes from."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, expect
from lakewarden.estate.compute import GitSource, Job
from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.policyfile.policy import Policy

PRODUCTION: Final = Policy(production_tags={"Environment": "production"})
"""What the examples of controls about production ask for."""
_BUNDLE: Final = "BUNDLE"


def bundled(job: Job) -> Condition:
    """Require that a bundle deployed the job."""
    return expect(
        job.deployment,
        lambda found: found is not None and found.kind == _BUNDLE,
        expected=_BUNDLE,
        otherwise="no bundle deployed it",
    )


def from_git(job: Job) -> Condition:
    """Require that the job takes its code from a repository at each run."""
    return expect(
        job.git,
        lambda source: source is not None,
        expected="a repository",
        otherwise="it takes its code from no repository",
    )


def pinned(source: GitSource | None) -> bool:
    """Return whether code comes from one tag or commit, not from wherever a branch points."""
    return source is not None and bool(source.git_tag or source.git_commit)


def job_in(environment: str | None, **settings: Any) -> MemorySnapshot:
    """Return an estate whose workspace has an Environment tag and one job, for examples."""
    tags = {"custom_tags": {"Environment": environment}} if environment else {}
    job = {"job_id": 7, "settings": {"name": "nightly", **settings}}
    return given(workspace=tags, jobs=[job])
