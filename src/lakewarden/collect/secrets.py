"""Places where people put secrets: their contents are classified here and go no further."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.objects import ask_one, pass_on
from lakewarden.collect.redact import settings_of
from lakewarden.collect.task import Task, collects
from lakewarden.estate.access import SECRET_SCOPES, SecretScope
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import hollow
from lakewarden.estate.secrets import (
    JOB_SETTINGS,
    PIPELINE_SETTINGS,
    SCOPE_SECRETS,
    WAREHOUSE_SETTINGS,
)

_JOB: Final = "/api/2.2/jobs/get"
_PIPELINES: Final = "/api/2.0/pipelines"

Item = Mapping[str, Any]


@collects(JOB_SETTINGS)
def job_settings(task: Task) -> Iterator[Any]:
    """Read every job with its tasks, and those that are too long for the list one by one."""

    def one(job: Item) -> Any:
        try:
            parts = list(_parts(task, job))
        except CallFailedError as error:
            return hollow(task.kind.record, {"id": job.get("job_id")}, task.gap(error))
        if not any("tasks" in part or any(k.endswith("_task") for k in part) for part in parts):
            return task.record(job)
        withheld: dict[str, str] = {}
        for part in parts:
            withheld |= settings_of(part)
        return task.record({**job, "withheld": withheld})

    query = {"limit": 100, "expand_tasks": "true"}
    yield from task.fan_out(one, _list(task, task.path, "jobs", query))


def _parts(task: Task, job: Item) -> Iterator[Item]:
    """Yield a job's settings, whole or in the pages that it comes in."""
    if job.get("has_more") is not True:
        yield _object(job.get("settings"), "settings")
        return
    query: dict[str, Any] = {"job_id": job.get("job_id")}
    seen: set[str] = set()
    while True:
        try:
            page = _object(task.databricks.get(_JOB, query), "answer")
        except CallFailedError as error:
            raise CallFailedError(error.cause, error.detail, source=f"GET {_JOB}") from None
        yield _object(page.get("settings"), "settings")
        token = page.get("next_page_token")
        if not token:
            return
        if token in seen:
            raise CallFailedError(Cause.MALFORMED, "the same page is announced twice")
        seen.add(token)
        query = {**query, "page_token": token}


@collects(PIPELINE_SETTINGS)
def pipeline_settings(task: Task) -> Iterator[Any]:
    """Read the specification of every pipeline."""

    def withheld(answer: Item) -> Mapping[str, str]:
        return settings_of(_object(answer.get("spec"), "spec"))

    listed = _list(task, _PIPELINES, "statuses", {"max_results": 100}, Paging.TOKEN)
    yield from task.fan_out(lambda p: _classified(task, p, "pipeline_id", withheld), listed)


@collects(WAREHOUSE_SETTINGS)
def warehouse_settings(task: Task) -> Iterator[Any]:
    """Read what all SQL warehouses of the workspace share."""
    answer = _object(task.databricks.get(task.path), "answer")
    known = {"withheld": settings_of(answer)} if "data_access_config" in answer else {}
    yield task.record({"id": "warehouses", **known})


@collects(SCOPE_SECRETS)
def scope_secrets(task: Task) -> Iterator[Any]:
    """Read the keys and ages of the secrets of every scope."""
    scopes = task.before(SECRET_SCOPES)

    def one(scope: SecretScope) -> Any:
        return ask_one(task, task.path, {"name": scope.name}, query={"scope": scope.name})

    yield from task.fan_out(one, scopes.seen())
    pass_on(scopes.gap)


def _list(
    task: Task, path: str, envelope: str, query: Item, paging: Paging = Paging.TOKEN
) -> Iterator[Item]:
    try:
        yield from items(
            task.databricks.get, path, envelope, paging, query=query, trust_empty=task.trust_empty
        )
    except CallFailedError as error:
        raise CallFailedError(error.cause, error.detail, source=f"GET {path}") from None


def _classified(
    task: Task, listed: Item, key: str, withheld: Callable[[Item], Mapping[str, str]]
) -> Any:
    """Return the record of one object of a list: what it answers, with its settings classified."""
    identity = listed.get(key)
    if not isinstance(identity, str):
        raise CallFailedError(Cause.MALFORMED, f"no {key} in the answer")
    try:
        path = task.path.replace(f"{{{key}}}", identity)
        answer = _object(task.databricks.get(path), "answer")
        return task.record({**listed, "withheld": withheld(answer)})
    except CallFailedError as error:
        return hollow(task.kind.record, {"id": identity}, task.gap(error))


def _object(value: Any, name: str) -> Item:
    if not isinstance(value, Mapping):
        raise CallFailedError(Cause.MALFORMED, f"{name} is not an object")
    return value
