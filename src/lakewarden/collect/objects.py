"""What takes one call an object: networks of workspaces, permissions of jobs, secret scopes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.task import Task, collects
from lakewarden.estate.access import JOB_PERMISSIONS, SECRET_SCOPES
from lakewarden.estate.account import WORKSPACE_NETWORK, WORKSPACES, Workspace
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import hollow


@collects(WORKSPACE_NETWORK)
def workspace_networks(task: Task) -> Iterator[Any]:
    """Read which network policy every workspace has."""
    workspaces = task.before(WORKSPACES)

    def one(workspace: Workspace) -> Any:
        keys = {"workspace_id": workspace.id}
        try:
            answer = task.databricks.get(task.path.replace("{workspace_id}", str(workspace.id)))
        except CallFailedError as error:
            return hollow(task.kind.record, keys, task.gap(error))
        if not isinstance(answer, Mapping):
            gap = task.kind.gap(Cause.MALFORMED, "the answer is not an object")
            return hollow(task.kind.record, keys, gap)
        return task.record({**answer, **keys})

    yield from task.fan_out(one, workspaces.seen())
    _incomplete(workspaces.gap)


@collects(JOB_PERMISSIONS)
def job_permissions(task: Task) -> Iterator[Any]:
    """Read the access control list of every job."""
    jobs = task.before(JOBS)

    def one(job: Job) -> Any:
        try:
            answer = task.databricks.get(task.path.replace("{job_id}", str(job.id)))
        except CallFailedError as error:
            return hollow(task.kind.record, {"id": str(job.id)}, task.gap(error))
        if not isinstance(answer, Mapping):
            gap = task.kind.gap(Cause.MALFORMED, "the answer is not an object")
            return hollow(task.kind.record, {"id": str(job.id)}, gap)
        name = None if job.name.gap else job.name.get()
        owner = None if job.creator.gap else job.creator.get()
        return task.record({**answer, "id": str(job.id), "name": name, "owner": owner})

    yield from task.fan_out(one, jobs.seen())
    _incomplete(jobs.gap)


@collects(SECRET_SCOPES)
def secret_scopes(task: Task) -> Iterator[Any]:
    """Read every secret scope with its access control list; never a secret."""
    scopes = items(
        task.databricks.get,
        "/api/2.0/secrets/scopes/list",
        "scopes",
        Paging.ONCE,
        trust_empty=task.trust_empty,
    )

    def one(scope: Mapping[str, Any]) -> Any:
        name = str(scope.get("name", ""))
        try:
            answer = task.databricks.get(task.path, {"scope": name})
        except CallFailedError as error:
            return hollow(task.kind.record, {"name": name}, task.gap(error))
        if not isinstance(answer, Mapping):
            gap = task.kind.gap(Cause.MALFORMED, "the answer is not an object")
            return hollow(task.kind.record, {"name": name}, gap)
        return task.record({**answer, "name": name})

    yield from task.fan_out(one, scopes)


def _incomplete(gap: Any) -> None:
    """Pass on that the list of objects was not complete."""
    if gap is not None:
        raise CallFailedError(gap.cause, f"{gap.source}: {gap.detail}")
