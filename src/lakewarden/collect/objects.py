"""What takes one call an object: networks of workspaces, permissions of jobs, secret scopes.

A call that fails leaves a record of which nothing but the identity is known, so one object never
spoils the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.task import Task, collects
from lakewarden.estate.access import JOB_PERMISSIONS, SECRET_SCOPES
from lakewarden.estate.account import WORKSPACE_NETWORK, WORKSPACES, Workspace
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.people import PERMISSION_ASSIGNMENTS, RULE_SETS
from lakewarden.estate.record import hollow

_SCOPES: Final = "/api/2.0/secrets/scopes/list"


@collects(WORKSPACE_NETWORK, PERMISSION_ASSIGNMENTS)
def of_each_workspace(task: Task) -> Iterator[Any]:
    """Read what the account says of every workspace: its network policy, who may enter."""
    workspaces = task.before(WORKSPACES)

    def one(workspace: Workspace) -> Any:
        path = task.path.replace("{workspace_id}", str(workspace.id))
        return ask_one(task, path, {"workspace_id": workspace.id})

    yield from task.fan_out(one, workspaces.seen())
    pass_on(workspaces.gap)


@collects(RULE_SETS)
def rule_sets(task: Task) -> Iterator[Any]:
    """Read the roles that the account itself grants."""
    name = f"accounts/{task.databricks.account_id}/ruleSets/default"
    query = {"name": name, "etag": ""}
    trusted: dict[str, Any] = {"grant_rules": []} if task.trust_empty else {}
    yield ask_one(task, task.path, {"name": name}, query=query, usual=trusted)


@collects(JOB_PERMISSIONS)
def job_permissions(task: Task) -> Iterator[Any]:
    """Read the access control list of every job."""
    jobs = task.before(JOBS)

    def one(job: Job) -> Any:
        path = task.path.replace("{job_id}", str(job.id))
        name = None if job.name.gap else job.name.get()
        owner = None if job.creator.gap else job.creator.get()
        return ask_one(task, path, {"id": str(job.id)}, more={"name": name, "owner": owner})

    yield from task.fan_out(one, jobs.seen())
    pass_on(jobs.gap)


@collects(SECRET_SCOPES)
def secret_scopes(task: Task) -> Iterator[Any]:
    """Read every secret scope with its access control list; never a secret."""

    def one(scope: Mapping[str, Any]) -> Any:
        name = str(scope.get("name", ""))
        return ask_one(task, task.path, {"name": name}, query={"scope": name})

    yield from task.fan_out(one, _scopes(task))


def _scopes(task: Task) -> Iterator[Mapping[str, Any]]:
    try:
        yield from items(
            task.databricks.get, _SCOPES, "scopes", Paging.ONCE, trust_empty=task.trust_empty
        )
    except CallFailedError as error:
        raise CallFailedError(error.cause, error.detail, source=f"GET {_SCOPES}") from None


def ask_one(
    task: Task,
    path: str,
    keys: Mapping[str, Any],
    *,
    query: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    usual: Mapping[str, Any] | None = None,
) -> Any:
    """Return the record of one object, made of an answer, its keys and what is known already.

    Args:
        task: what is read.
        path: the object's path.
        keys: what identifies the object.
        query: further parameters.
        more: fields that are known already, over those of the answer.
        usual: fields of which the answer may say something else.
    """
    key = str(next(iter(keys.values()))) if task.kind.keyed else ""
    try:
        answer = task.databricks.get(path, query)
    except CallFailedError as error:
        return hollow(task.kind.record, keys, task.gap(error, key))
    if not isinstance(answer, Mapping):
        gap = task.kind.gap(Cause.MALFORMED, "the answer is not an object", key)
        return hollow(task.kind.record, keys, gap)
    return task.record({**(usual or {}), **answer, **keys, **(more or {})}, key)


def pass_on(gap: Gap | None) -> None:
    """Say that the list of objects was not complete.

    Raises:
        CallFailedError: there is a gap.
    """
    if gap is not None:
        raise CallFailedError(gap.cause, gap.detail, source=gap.source)
