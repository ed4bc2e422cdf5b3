"""`Task`: one collection to read, with everything that its collector may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.kind import Kind
from lakewarden.estate.record import Record, read
from lakewarden.estate.snapshot import Collection, Snapshot
from lakewarden.estate.wire import MalformedError

T = TypeVar("T")
R = TypeVar("R", bound=Record)

FanOut = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@dataclass(frozen=True, slots=True)
class Task:
    """One collection to read.

    Attributes:
        kind: what to read.
        scope: what it belongs to: `account`, `workspace/3001`, `aws`.
        keys: for keyed kinds, the keys that controls ask for.
        host: the Databricks host, None for AWS.
        aws: the AWS account, None for Databricks.
        so_far: what has been read already.
        fan_out: maps a function over many objects, in parallel and in bounded memory.
        trust_empty: take an answer without its list for an empty list.
    """

    kind: Kind[Any]
    scope: str
    keys: tuple[str, ...]
    host: DatabricksHost | None
    aws: AwsAccount | None
    so_far: Snapshot
    fan_out: FanOut
    trust_empty: bool = False

    @property
    def databricks(self) -> DatabricksHost:
        """Return the Databricks host."""
        if self.host is None:
            raise TypeError(f"{self.kind.name} is not read from Databricks")
        return self.host

    @property
    def cloud(self) -> AwsAccount:
        """Return the AWS account."""
        if self.aws is None:
            raise TypeError(f"{self.kind.name} is not read from AWS")
        return self.aws

    @property
    def path(self) -> str:
        """Return the kind's path with the account filled in."""
        path = self.kind.source.removeprefix("GET ")
        account = self.host.account_id if self.host else ""
        return path.replace("{account_id}", account)

    def before(self, kind: Kind[R]) -> Collection[R]:
        """Return a collection that was read before, of the same scope where it has one."""
        own = kind.scope.value
        return self.so_far.collection(kind, self.scope if own == "workspace" else own)

    def record(self, item: Any, key: str = "") -> Any:
        """Make a record of an item; `key` is the one that was asked for, of a keyed kind.

        Raises:
            CallFailedError: the item cannot be identified.
        """
        try:
            source = self.kind.call(key)
            return read(self.kind.record, item, source=source, grant=self.kind.grant)
        except MalformedError as error:
            raise CallFailedError(Cause.MALFORMED, str(error)) from None

    def gap(self, error: CallFailedError, key: str = "") -> Gap:
        """Return the gap that a failed call leaves; it names the very call that failed."""
        gap = self.kind.gap(error.cause, error.detail, key)
        return replace(gap, source=error.source) if error.source else gap


Collector = Callable[[Task], Iterator[Any]]
COLLECTORS: Final[dict[str, Collector]] = {}


def collects(*kinds: Kind[Any]) -> Callable[[Collector], Collector]:
    """Register the function that reads the collections of some kinds.

    It yields records; it raises `CallFailedError` when the rest cannot be read.
    """

    def register(function: Collector) -> Collector:
        for kind in kinds:
            COLLECTORS[kind.name] = function
        return function

    return register
