"""What is known of an action: from the catalogue, or from the operations of AWS services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from lakewarden.clients.aws_models import Operation, operations
from lakewarden.events.catalog import Action, actions, spelt
from lakewarden.events.columns import Source

_EVERY: Final = "*"
_ELSEWHERE: Final = ("event.", "extra.", "identity.")
"""Prefixes of what every record of CloudTrail may have."""
_NOTHING: Final = Operation(frozenset(), frozenset(), frozenset())
_S3: Final = frozenset({"Host", "bucketName", "key"})


@dataclass(frozen=True, slots=True)
class Known:
    """What may be asked of an action.

    Attributes:
        name: `accounts.login`.
        params: its parameters.
        unsure: those that are only recalled.
        weak: whether the action itself is.
        silent: whether no answer is recorded.
        verbose: whether it is recorded only while verbose audit logs are on.
        lists: those of its parameters that are lists.
    """

    name: str
    params: frozenset[str]
    unsure: frozenset[str] = frozenset()
    weak: bool = False
    silent: bool = False
    verbose: bool = False
    lists: frozenset[str] = frozenset()

    def has(self, param: str) -> bool:
        """Return whether it has a parameter, in any spelling."""
        return spelt(param)[0] in self.params or param in self.params


@cache
def known(source: Source, name: str) -> tuple[Known, ...]:
    """Return what is known of an action, or of every action of `service.*`; nothing if it is none.

    Args:
        source: where it is recorded.
        name: `service.action`.
    """
    service, _, action = name.partition(".")
    wanted = {action, _EVERY}
    if source is Source.DATABRICKS:
        found = [
            _of(entry)
            for (its, called), entry in actions().items()
            if its == service and (called in wanted or action == _EVERY)
        ]
        return tuple(found)
    return tuple(_in_aws(service, action)) if source is Source.CLOUDTRAIL else ()


def anywhere(source: Source, param: str) -> bool:
    """Return whether any action has a parameter; of AWS, whose actions are too many, always."""
    return source is not Source.DATABRICKS or any(_of(e).has(param) for e in actions().values())


def everywhere(param: str) -> bool:
    """Return whether a parameter may stand in any record of CloudTrail."""
    return param.startswith(_ELSEWHERE)


def _of(entry: Action) -> Known:
    unsure = frozenset(param for param in entry.params if entry.unsure(param))
    name = f"{entry.service}.{entry.name}"
    return Known(name, entry.params, unsure, entry.unsure(), entry.silent, entry.verbose)


def _in_aws(service: str, action: str) -> Iterator[Known]:
    listed = {name: entry for (its, name), entry in actions("cloudtrail").items() if its == service}
    called = operations(service)
    for name in (called.keys() | listed.keys()) if action == _EVERY else (action,):
        if name not in called and name not in listed:
            continue
        operation = called.get(name, _NOTHING)
        mine = _of(listed[name]) if name in listed else Known(f"{service}.{name}", frozenset())
        params = mine.params | (_S3 if service == "s3" else operation.takes)
        answers = frozenset(f"response.{each}" for each in operation.gives)
        lists = operation.lists - mine.params
        yield Known(mine.name, params | answers, mine.unsure, mine.weak, lists=lists)
