"""What every AWS collector shares: one call for each of many names, failures as gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lakewarden.clients.aws import failure_of
from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.task import Task
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import hollow


def call(operation: Callable[..., Any], *, source: str = "", **arguments: Any) -> Any:
    """Call boto3.

    Args:
        operation: a method of a client.
        source: the call as `iam:GetRole`, where its kind is named by another.
        arguments: of the method.

    Raises:
        CallFailedError: for anything but a whole answer.
    """
    try:
        return operation(**arguments)
    except Exception as error:  # noqa: BLE001  # the edge: whatever boto3 raises is a failed call
        raise _failed(error, source) from None


def _failed(error: Exception, source: str) -> CallFailedError:
    failure = failure_of(error)
    failure.source = source
    return failure


def pages(
    client: Any, operation: str, *, source: str = "", **arguments: Any
) -> Iterator[Mapping[str, Any]]:
    """Yield every page of a list.

    Args:
        client: a client of boto3.
        operation: the name of its method.
        source: the call as `iam:ListRoles`, where its kind is named by another.
        arguments: of the method.

    Raises:
        CallFailedError: as soon as a page fails.
    """
    pages = iter(client.get_paginator(operation).paginate(**arguments))
    while True:
        try:
            page = next(pages)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001  # the edge: whatever boto3 raises is a failed call
            raise _failed(error, source) from None
        yield page


def one_each(
    task: Task, field: str, names: Iterable[str], ask: Callable[[str], Mapping[str, Any]]
) -> Iterator[Any]:
    """Yield a record for each name; a failed call leaves one that says why.

    Args:
        task: the task.
        field: the identifying field of the record, in the record's own name.
        names: what to ask about.
        ask: returns the item of a name in API form, its identity included.
    """

    def one(name: str) -> Any:
        try:
            return task.record(ask(name))
        except CallFailedError as error:
            return hollow(task.kind.record, {field: name}, task.gap(error))

    yield from task.fan_out(one, sorted(set(names)))


def need(answer: Mapping[str, Any], name: str) -> Any:
    """Return a part of an answer.

    Raises:
        CallFailedError: it is missing.
    """
    if name not in answer:
        raise CallFailedError(Cause.MISSING_FIELD, f"no {name} in the answer")
    return answer[name]


def regions(task: Task) -> list[str]:
    """Return the regions of the deployment's workspaces, in order.

    Where no account was given, the region that the caller configured stands for them.

    Raises:
        CallFailedError: some workspace's region is not known.
    """
    if "account" in task.so_far.meta.doors and task.cloud.region:
        return [task.cloud.region]
    found: set[str] = set()
    workspaces = task.so_far.collection(WORKSPACES, "account")
    for workspace in workspaces.seen():
        if workspace.region.gap is not None:
            gap = workspace.region.gap
            raise CallFailedError(gap.cause, f"region of workspace {workspace.id}: {gap}")
        found.add(workspace.region.get())
    if workspaces.gap is not None:
        raise CallFailedError(workspaces.gap.cause, str(workspaces.gap))
    return sorted(found)


def region_of(arn: str) -> str:
    """Return the region in an ARN, or us-east-1 for global services."""
    parts = arn.split(":")
    return (parts[3] if len(parts) > 3 else "") or "us-east-1"  # noqa: PLR2004  # arn:partition:service:region
