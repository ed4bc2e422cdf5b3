"""Private endpoints of serverless compute, configuration by configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect.objects import pass_on
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.perimeter import CONNECTIVITY_RULES
from lakewarden.estate.record import hollow


@collects(CONNECTIVITY_RULES)
def connectivity_rules(task: Task) -> Iterator[Any]:
    """Read the private endpoint rules of every configuration that a workspace has."""
    workspaces = task.before(WORKSPACES)
    facts = [workspace.connectivity_id for workspace in workspaces.seen()]
    wanted = {fact.get() for fact in facts if fact.gap is None} - {None}

    def one(identity: str) -> Any:
        path = task.path.replace("{config_id}", identity)
        ask, trust = task.databricks.get, task.trust_empty
        try:
            found = list(items(ask, path, "items", Paging.TOKEN, trust_empty=trust))
        except CallFailedError as error:
            return hollow(task.kind.record, {"id": identity}, task.gap(error))
        return task.record({"network_connectivity_config_id": identity, "items": found})

    yield from task.fan_out(one, sorted(str(identity) for identity in wanted))
    pass_on(workspaces.gap)
