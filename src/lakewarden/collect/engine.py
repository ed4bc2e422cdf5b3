"""Collecting: opens the doors and fills a snapshot with what the chosen controls need.

The order is the estate's own: the account first, because it names the workspaces; then every
workspace side by side; then AWS, because both name what to ask it for. Inside a workspace a kind
waits for the kinds it comes after. Requests of one host share its throttle. Work is done by three
bounded pools, for workspaces, collections and single objects; each waits for the next one only, so
none can starve another.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Protocol

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.clock import parse_time
from lakewarden.collect import (
    audit_logs,
    authority,
    buckets,
    cloud,
    code,
    firewall,
    firewall_rules,
    lists,
    machines,
    objects,
    oversight,
    perimeter,
    region,
    resolving,
    rights,
    secrets,
    settings,
    unity,
    vpc,
    workloads,
)
from lakewarden.collect.doors import Reach, shut
from lakewarden.collect.task import COLLECTORS, Task
from lakewarden.errors import ConnectionFailedError, LakewardenError
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.activity import LOGINS
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.kind import Kind, Need, Scope
from lakewarden.estate.record import gaps_of, hollow
from lakewarden.estate.snapshot import Header
from lakewarden.store.snapshots import SnapshotWriter

FAMILIES: Final = (
    audit_logs,
    authority,
    buckets,
    cloud,
    code,
    firewall,
    firewall_rules,
    lists,
    machines,
    objects,
    oversight,
    perimeter,
    region,
    resolving,
    rights,
    secrets,
    settings,
    unity,
    vpc,
    workloads,
)
"""The modules whose collectors are registered by being imported."""

_WORKSPACES: Final = 8
_COLLECTIONS: Final = 16
_OBJECTS: Final = 32
_RUNNING: Final = "RUNNING"


class Progress(Protocol):
    """Told how far collecting is."""

    def expect(self, count: int) -> None:
        """Note that `count` more collections will be read."""

    def done(self, kind: str, scope: str, count: int) -> None:
        """Note that a collection is there, with its number of records."""


class Silent:
    """Progress that nobody watches."""

    def expect(self, count: int) -> None:
        """Do nothing."""

    def done(self, kind: str, scope: str, count: int) -> None:
        """Do nothing."""


class Collector:
    """Fills one snapshot."""

    def __init__(
        self,
        reach: Reach,
        needs: Callable[[Workspace | None], set[Need]],
        writer: SnapshotWriter,
        *,
        progress: Progress | None = None,
        trust_empty: bool = False,
    ) -> None:
        """Prepare to fill a snapshot.

        Args:
            reach: which doors may be opened.
            needs: says what is wanted at account level (None) and of each workspace; a workspace
                that nothing is wanted of is not opened.
            writer: the snapshot.
            progress: told how far collecting is.
            trust_empty: take an answer without its list for an empty list.
        """
        self._reach = reach
        self._needs_at = needs
        self._needs = needs(None)
        self._writer = writer
        self._progress = progress or Silent()
        self._trust_empty = trust_empty
        self._hosts: list[DatabricksHost] = []
        self._refusal: LakewardenError | None = None
        self._lone: int | None = None

    def run(self) -> None:
        """Read everything.

        Raises:
            ConnectionFailedError: nothing at all could be read.
            AuthenticationFailedError: the Databricks credential is refused everywhere.
        """
        with (
            ThreadPoolExecutor(_WORKSPACES, "workspace") as self._scopes,
            ThreadPoolExecutor(_COLLECTIONS, "collection") as self._tasks,
            ThreadPoolExecutor(_OBJECTS, "object") as self._calls,
        ):
            self._read_account()
            self._read_workspaces()
            self._read_aws()
            self._read_events()
        self._insist()

    def _insist(self) -> None:
        """Fail when nothing was read at all, or when the credential is refused everywhere."""
        headers = self._writer.headers()
        asked = [header for header in headers if header.scope not in {"aws", "events"}]
        if any(map(_unauthenticated, asked)) and all(map(self._refused, asked)):
            for host in self._hosts:
                host.insist_on_credential()
        if any(header.count or header.gap is None for header in headers):
            return
        if self._refusal is not None and not self._hosts:
            raise self._refusal
        gaps = [h.gap for h in headers if h.gap] + list(self._writer.meta.doors.values())
        raise ConnectionFailedError(
            f"nothing could be read ({gaps[0] if gaps else 'nothing was asked for'})",
            where=self._reach.account_host or self._reach.workspace_host or "AWS",
            next_step="Check the address and the credentials; `lakewarden doctor` tries each door",
        )

    def _refused(self, header: Header) -> bool:
        """Return whether a collection, or all that is in it, was asked for without success."""
        if header.gap is not None:
            return _unauthenticated(header)
        records = self._writer.collection(KINDS[header.kind], header.scope).seen()
        causes = [{gap.cause for gap in gaps_of(record)} for record in records]
        return bool(causes) and all(Cause.UNAUTHENTICATED in found for found in causes)

    def _read_account(self) -> None:
        if not self._reach.account_host:
            source = "account API"
            gap = Gap(Cause.NOT_READ, source, "no account was given", "an account host and id")
            self._writer.shut("account", gap)
            return
        host = self._open("account", self._reach.account)
        if host is None:
            return
        self._read_all(self._wanted(Scope.ACCOUNT), "account", host=host)

    def _read_workspaces(self) -> None:
        workspaces = self._known_workspaces()
        wanted = [(w, self._needs_at(w)) for w in workspaces]
        inside = [(w, {n for n in needs if _inside(n)}) for w, needs in wanted]
        list(self._scopes.map(lambda pair: self._read_workspace(*pair), filter(_asked, inside)))

    def _known_workspaces(self) -> list[Workspace]:
        listed = self._writer.collection(WORKSPACES, "account")
        found = list(listed.seen())
        if not found and self._reach.workspace_host:
            found = self._lone_workspace(listed.gap)
        return found

    def _lone_workspace(self, account_gap: Gap | None) -> list[Workspace]:
        """Return the workspace that was named by its URL, which the account does not describe.

        When an account was given and could not be read, others may exist: that stays noted.
        """
        host = self._open("workspace", lambda: self._reach.workspace(self._reach.workspace_host))
        if host is None:
            return []
        try:
            identity = int(host.org_id())
        except (CallFailedError, ValueError) as error:
            cause = error.cause if isinstance(error, CallFailedError) else Cause.MALFORMED
            source = "GET /api/2.0/preview/scim/v2/Me"
            self._writer.shut("workspace", Gap(cause, source, str(error), "workspace access"))
            return []
        self._lone = identity
        gap = account_gap or WORKSPACES.gap(Cause.NOT_READ, "the account was not read")
        workspace = hollow(Workspace, {"id": identity}, gap)
        incomplete = [gap] if self._reach.account_host else []
        self._writer.write(WORKSPACES, "account", [workspace], incomplete)
        return [workspace]

    def _read_workspace(self, workspace: Workspace, needs: set[Need]) -> None:
        scope = f"workspace/{workspace.id}"
        try:
            if workspace.status.gap is None and workspace.status.get() != _RUNNING:
                detail = f"the workspace is {workspace.status.get()}"
                self._writer.shut(scope, WORKSPACES.gap(Cause.NOT_READ, detail))
                return
            url = self._url_of(workspace)
        except UnreadError as error:
            self._writer.shut(scope, error.gap)
            return
        host = self._open(scope, lambda: self._reach.workspace(url))
        if host is not None:
            self._read_all(needs, scope, host=host)

    def _url_of(self, workspace: Workspace) -> str:
        """Return a workspace's address, and never that of another.

        Raises:
            UnreadError: the account does not say where it is.
        """
        if workspace.id == self._lone and str(workspace.id) not in self._reach.workspace_urls:
            return self._reach.workspace_host
        return self._reach.url_of(workspace)

    def _read_aws(self) -> None:
        needs = self._wanted(Scope.AWS)
        if not needs:
            return
        if not self._reach.use_aws:
            gap = Gap(Cause.NOT_READ, "AWS", "left out by --no-aws", "AWS credentials")
            self._writer.shut("aws", gap)
            return
        aws = self._open("aws", self._reach.aws)
        if aws is not None:
            self._read_all(needs, "aws", aws=aws)

    def _read_events(self) -> None:
        wanted = sorted({need.kind for need in self._wanted(Scope.EVENTS)})
        if not wanted:
            return
        folder = self._reach.events
        if folder is None:
            gap = LOGINS.gap(Cause.NOT_READ, "no audit logs were given; name them with --events")
            self._writer.shut("events", gap)
            return
        since = parse_time(self._writer.meta.taken) - timedelta(days=self._reach.event_days)
        kinds = [KINDS[name] for name in wanted]
        counted = audit_logs.count(folder, int(since.timestamp() * 1000), kinds)
        for kind in kinds:
            gaps: list[Gap] = []
            self._writer.write(kind, "events", _noted(kind, counted.of(kind), gaps), gaps)

    def _open(self, scope: str, way: Callable[[], Any]) -> Any:
        try:
            door = way()
        except ConnectionFailedError as error:
            self._refusal = self._refusal or error
            self._writer.shut(scope, shut(error, scope))
            return None
        if isinstance(door, DatabricksHost):
            self._hosts.append(door)
        return door

    def _wanted(self, scope: Scope) -> set[Need]:
        return {n for n in self._needs if KINDS[n.kind].scope is scope}

    def _read_all(
        self,
        needs: set[Need],
        scope: str,
        host: DatabricksHost | None = None,
        aws: AwsAccount | None = None,
    ) -> None:
        """Read kinds side by side, in waves of those that wait for nothing."""
        keys: dict[str, list[str]] = {}
        for need in sorted(needs):
            keys.setdefault(need.kind, []).extend([need.key] if need.key else [])
        self._progress.expect(len(keys))
        for _, wave in itertools.groupby(_ordered(keys), key=lambda k: _depth(k, keys)):
            list(self._tasks.map(lambda k: self._read_one(k, keys[k], scope, host, aws), wave))

    def _read_one(
        self,
        name: str,
        named: list[str],
        scope: str,
        host: DatabricksHost | None,
        aws: AwsAccount | None,
    ) -> None:
        kind, keys = KINDS[name], tuple(named)
        task = Task(kind, scope, keys, host, aws, self._writer, self._fan_out, self._trust_empty)
        gaps: list[Gap] = []
        records = _noted(kind, COLLECTORS[name](task), gaps)
        header = self._writer.write(kind, scope, records, gaps)
        self._progress.done(name, scope, header.count or 0)

    def _fan_out(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Map over items in parallel, holding no more than a few dozen at a time."""
        pending: deque[Future[Any]] = deque()
        for item in items:
            pending.append(self._calls.submit(function, item))
            if len(pending) >= 2 * _OBJECTS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _noted(kind: Kind[Any], records: Iterator[Any], gaps: list[Gap]) -> Iterator[Any]:
    """Yield records; a failure ends them and is noted as a gap."""
    try:
        yield from records
    except CallFailedError as error:
        gap = kind.gap(error.cause, error.detail)
        gaps.append(replace(gap, source=error.source) if error.source else gap)
    except LakewardenError:
        raise
    except Exception as error:  # noqa: BLE001  # the edge: an answer nobody foresaw is no answer
        gaps.append(kind.gap(Cause.MALFORMED, f"{type(error).__name__} while reading the answer"))


def _unauthenticated(header: Header) -> bool:
    return header.gap is not None and header.gap.cause is Cause.UNAUTHENTICATED


def _inside(need: Need) -> bool:
    return KINDS[need.kind].scope is Scope.WORKSPACE


def _asked(pair: tuple[Workspace, set[Need]]) -> bool:
    return bool(pair[1])


def _depth(name: str, among: Iterable[str]) -> int:
    inside = [k for k in KINDS[name].after if k in set(among)]
    return 1 + max((_depth(k, among) for k in inside), default=0)


def _ordered(kinds: Iterable[str]) -> list[str]:
    among = set(kinds)
    return sorted(among, key=lambda name: (_depth(name, among), name))
