"""A production job that runs a notebook of the workspace runs whatever that notebook says tonight.
Whoever may edit it, or takes over somebody who may, runs code as the job, and no history shows what
ran. Code from a repository was at least committed by somebody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Condition, Judgement, any_of, observe, unknown
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.job_code import PRODUCTION, bundled, from_git, job_in
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.production import in_production
from lakewarden.controls.kit.subjects import JOB
from lakewarden.estate.code import GIT_FOLDERS
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity

CONTROL = Control(
    id="jobs-from-git",
    title="The production job runs code that is kept in Git",
    paper=("P19",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=JOB,
    needs=(JOBS.need(), GIT_FOLDERS.need()),
    fix=Fix(
        "Commit the code, and let the job take it from the repository by git_source or deploy it "
        "with a bundle. Name your production workspaces in code.production_tags.",
        console="Open the job, and set the source of each task to Git provider.",
        api='POST /api/2.2/jobs/update {"job_id": 7, "new_settings": {"git_source": {"git_url": '
        '"...", "git_provider": "...", "git_tag": "..."}, "tasks": [...]}}',
        terraform="databricks_job { git_source { url, provider, tag } } and tasks with source GIT.",
        breaks="The job fails until its identity has a credential for the repository, and until "
        "the paths of its tasks are those of the repository.",
        no_api="Which repository holds the code, at which path and tag, is yours to say, and the "
        "code must be committed first.",
    ),
    maps=(
        *also(
            "has production run code that somebody committed",
            Relation.SUBSET,
            nist="CM-2(3) CM-3 SA-10",
            soc2="CC8.1",
            pci="6.5",
            hipaa="164.312(c)(1)",
            iso="A.8.25 A.8.32",
            ccm="CCC-04",
            dasf="DASF-52",
        ),
        *also("leaves no loose notebook whose next edit runs as the job", attack="T1546 T1648"),
    ),
)


@CONTROL.check
def check(job: Job, at: Context) -> Judgement:
    """A repository, a bundle, or a Git folder in the workspace holds its code."""
    return in_production(
        at, lambda: any_of(from_git(job), bundled(job), lambda: _in_folders(job, at))
    )


def _in_folders(job: Job, at: Context) -> Condition:
    """Require that the code of every task lies in a Git folder."""
    codes = [task.code for task in job.tasks.get()]
    paths = [code.path for code in codes if code]
    loose = [path for path in paths if not _in_git(path, at)]
    if not loose and (len(paths) < max(len(codes), 1) or job.more_tasks.get()):
        detail = f"what some tasks of job {job.id} run does not show in this answer"
        return unknown(JOBS.gap(Cause.NOT_READ, detail), expected="the code of every task")
    shown = Evidence(job.tasks.source, job.tasks.field, paths, "paths in Git folders")
    return observe(not loose, shown, otherwise=f"{', '.join(loose)} lies in no Git folder")


def _in_git(path: str, at: Context) -> bool:
    folders = at.estate.of(GIT_FOLDERS, at.here).each()
    return any(path.startswith(f"{folder.path.get()}/") for folder in folders)


_WORKSPACE_CODE = {"notebook_task": {"notebook_path": "/Shared/etl/nightly"}}
_FOLDER_CODE = {"notebook_task": {"notebook_path": "/Repos/prod/lake/nightly"}}


def _tasks(*tasks: dict[str, Any], folders: Any = None, **fields: Any) -> MemorySnapshot:
    job = {"job_id": 7, "settings": {"name": "nightly", "tasks": list(tasks)}, **fields}
    held = [{"id": 5, "path": "/Repos/prod/lake", "url": "https://github.com/acme/lake"}]
    return given(jobs=[job], git_folders=held if folders is None else folders)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    source = {"git_url": "https://github.com/acme/lake", "git_branch": "main"}
    yield passes("a repository", job_in("production", git_source=source), PRODUCTION)
    task = {"notebook_task": {"notebook_path": "/Shared/nightly", "source": "WORKSPACE"}}
    apart = {"job_id": 7, "settings": {"git_source": source, "tasks": [task]}}
    lone = given(jobs=[apart], git_folders=[])
    yield fails("a repository, and a task that goes its own way", lone)
    bundle = {"kind": "BUNDLE"}
    yield passes("a bundle", job_in("production", deployment=bundle), PRODUCTION)
    yield passes("a Git folder", _tasks(_FOLDER_CODE))
    yield fails("the workspace", _tasks(_WORKSPACE_CODE))
    yield fails("a Git folder and the workspace", _tasks(_FOLDER_CODE, _WORKSPACE_CODE))
    like = {"notebook_task": {"notebook_path": "/Repos/prod/lakeside/nightly"}}
    yield fails("a folder of a like name", _tasks(like))
    other = {"pipeline_task": {"pipeline_id": "p1"}}
    yield unclear("a task of another kind", _tasks(_FOLDER_CODE, other))
    yield fails("a task of another kind and the workspace", _tasks(_WORKSPACE_CODE, other))
    silent = {"tasks": None}
    yield unclear("tasks are missing from the answer", job_in("production", **silent), PRODUCTION)
    untold = job_in("production", git_source=source, **silent)
    yield unclear("a repository, and tasks are missing", untold, PRODUCTION)
    yield unclear("more tasks than are shown", _tasks(_FOLDER_CODE, has_more=True))
    many = {"job_id": 7, "settings": {"git_source": source, "tasks": []}, "has_more": True}
    yield unclear("a repository, and tasks unseen", given(jobs=[many], git_folders=[]))
    yield unclear("Git folders may not be listed", _tasks(_FOLDER_CODE, folders=refused()))
    yield unclear("jobs may not be listed", given(jobs=refused(), git_folders=[]))
    yield exempt("a workspace for trials", job_in("development"), PRODUCTION)
    yield passes("an unlabelled workspace", job_in(None, git_source=source), PRODUCTION)
    yield exempt("there are no jobs", given(jobs=[], git_folders=[]))
