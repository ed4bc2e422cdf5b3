"""Hosts and tasks for the tests of collecting; nothing here touches a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import lakewarden.collect.engine  # noqa: F401  # it registers the collectors
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.task import COLLECTORS, Task
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given
from lakewarden.estate.kind import Kind
from lakewarden.estate.snapshot import Snapshot

ACCOUNT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ROOT = f"/api/2.0/accounts/{ACCOUNT}"
DENIED = CallFailedError(Cause.FORBIDDEN, "may not")


class StubHost(DatabricksHost):
    """Answers by path; an answer may be an exception, or a function of the query."""

    def __init__(self, answers: Mapping[str, Any] | None = None, org: str = "3001") -> None:
        self.host, self.account_id, self.org = "https://stub.invalid", ACCOUNT, org
        self.answers = dict(answers or {})
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._guard = threading.Lock()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Return the answer of a path; an unknown path is not found."""
        with self._guard:
            self.asked.append((path, dict(query or {})))
        answer = self.answers.get(path, CallFailedError(Cause.NOT_FOUND, f"no {path}"))
        if callable(answer) and not isinstance(answer, Exception):
            answer = answer(dict(query or {}))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def org_id(self) -> str:
        """Return the id of the workspace."""
        return self.org

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path, _ in self.asked]


def in_turn(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Fan out to nobody."""
    return map(function, items)


def collected(
    kind: Kind[Any],
    host: StubHost | None,
    *keys: str,
    aws: Any = None,
    before: Snapshot | None = None,
) -> dict[str, Any]:
    """Run the collector of a kind and return its records by identity."""
    scope = "workspace/1" if kind.scope.value == "workspace" else kind.scope.value
    task = Task(kind, scope, keys, host, aws, before or given(), in_turn)
    return {record.identity(): record for record in COLLECTORS[kind.name](task)}
