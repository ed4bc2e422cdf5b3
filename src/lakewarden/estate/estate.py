"""`Estate`: the questions that judging asks of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.account import LOG_DELIVERIES, STORAGE_CONFIGURATIONS, WORKSPACES, Workspace
from lakewarden.estate.fact import Cause, Fact, Gap, UnreadError, most_telling
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record
from lakewarden.estate.snapshot import Collection, Meta, Snapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket, Purpose, bucket_of

R = TypeVar("R", bound=Record)

_INDEXED: Final = 64
"""How many collections are kept indexed in memory at a time."""


class Estate:
    """A snapshot with indexes for the small collections that others refer to."""

    def __init__(
        self, snapshot: Snapshot, only: Iterable[str] = (), without: Iterable[str] = ()
    ) -> None:
        """Look at a snapshot.

        Args:
            snapshot: what was read.
            only: ids or names of the workspaces to look at; none for all.
            without: ids or names of workspaces that are left out.
        """
        self._snapshot = snapshot
        self._only = frozenset(only)
        self._without = frozenset(without)
        self._indexes: dict[tuple[str, str], Mapping[str, Any]] = {}

    @property
    def meta(self) -> Meta:
        """Return what the snapshot says of itself."""
        return self._snapshot.meta

    def of(self, kind: Kind[R], workspace: Workspace | None = None) -> Collection[R]:
        """Return the collection of a kind, for a workspace where the kind belongs to one."""
        if kind.scope is Scope.WORKSPACE:
            if workspace is None:
                raise TypeError(f"{kind.name} is read per workspace")
            return self._snapshot.collection(kind, f"workspace/{workspace.id}")
        return self._snapshot.collection(kind, kind.scope.value)

    def workspaces(self) -> Iterator[Workspace]:
        """Yield every workspace that is looked at, then fail unless those were all.

        Raises:
            UnreadError: at the end, when the list is not complete.
        """
        collection = self.of(WORKSPACES)
        missing = set(self._only)
        for workspace in collection.seen():
            names = {str(workspace.id)}
            if workspace.name.gap is None:
                names.add(workspace.name.get())
            if names & self._without or (self._only and not names & self._only):
                continue
            missing -= names
            yield workspace
        if collection.gap is not None and (missing or not self._only):
            raise UnreadError(collection.gap)

    def find(self, kind: Kind[R], identity: object, workspace: Workspace | None = None) -> R | None:
        """Return one record, or None when it certainly does not exist.

        Raises:
            UnreadError: it was not seen and the collection is not complete.
        """
        collection = self.of(kind, workspace)
        index = self._index(kind, collection)
        found: R | None = index.get(str(identity))
        if found is None and collection.gap is not None:
            raise UnreadError(collection.gap)
        return found

    def need(self, kind: Kind[R], identity: object, workspace: Workspace | None = None) -> R:
        """Return one record that something refers to.

        Raises:
            UnreadError: it was not seen, whether or not the collection is complete.
        """
        found = self.find(kind, identity, workspace)
        if found is None:
            raise UnreadError(kind.gap(Cause.NOT_FOUND, f"no {kind.record.__name__} {identity}"))
        return found

    def value(self, kind: Kind[Any], key: str, workspace: Workspace | None = None) -> Fact[Any]:
        """Return the value of one key of a keyed kind, a gap included."""
        try:
            entry = self.need(kind, key, workspace)
        except UnreadError as error:
            source = error.gap.source.replace("{key}", key)
            gap = Gap(error.gap.cause, source, error.gap.detail, error.gap.grant)
            return Fact.unread(gap, key)
        fact: Fact[Any] = entry.value
        if fact.gap is not None:
            return Fact.unread(fact.gap, key)
        return Fact.of(fact.get(), fact.source, key)

    def conf(self, workspace: Workspace, key: str) -> Fact[str | None]:
        """Return a workspace-conf value; None when nobody ever set it."""
        return self.value(WORKSPACE_CONF, key, workspace)

    def buckets(self) -> Iterator[Bucket]:
        """Yield the buckets of the deployment with what each is for.

        A bucket that might be for something else besides, as not everything was read, says so.

        Raises:
            UnreadError: at the end, when buckets may be missing.
        """
        purposes: dict[str, set[Purpose]] = {}
        holes = {**self._registered(purposes), Purpose.DATA: self._governed(purposes)}
        unsure = {purpose: gap for purpose, gap in holes.items() if gap is not None}
        for name, found in sorted(purposes.items()):
            yield Bucket(name, frozenset(found), unsure)
        gap = most_telling(*unsure.values())
        if gap is not None:
            raise UnreadError(gap)

    def _registered(self, purposes: dict[str, set[Purpose]]) -> dict[Purpose, Gap | None]:
        """Note the buckets of storage configurations; return why others may serve as well."""
        attached, unsure = self._root_storage()
        delivered, gap = self._delivery_storage()
        storages = self.of(STORAGE_CONFIGURATIONS)
        missing, lost = attached | delivered, storages.gap
        for storage in storages.seen():
            missing.discard(storage.id)
            if storage.bucket.gap is not None:
                lost = most_telling(lost, storage.bucket.gap)
                continue
            entry = purposes.setdefault(storage.bucket.get(), set())
            if storage.id in attached:
                entry.add(Purpose.ROOT)
            if storage.id in delivered:
                entry.add(Purpose.AUDIT_LOGS)
        if missing and lost is None:
            detail = f"no storage configuration {', '.join(sorted(map(str, missing)))}"
            lost = STORAGE_CONFIGURATIONS.gap(Cause.NOT_FOUND, detail)
        return {
            Purpose.ROOT: most_telling(unsure, lost),
            Purpose.AUDIT_LOGS: most_telling(gap, lost),
        }

    def _governed(self, purposes: dict[str, set[Purpose]]) -> Gap | None:
        """Note the buckets of external locations; return why others may hold data."""
        hidden = self.of(WORKSPACES).gap
        for location, unread in self._locations():
            hidden = most_telling(hidden, unread)
            if location:
                purposes.setdefault(location, set()).add(Purpose.DATA)
        return hidden

    def _root_storage(self) -> tuple[set[str | None], Gap | None]:
        """Return the storage of the workspaces' roots, and why some may be missing."""
        collection = self.of(WORKSPACES)
        found: set[str | None] = set()
        gap = collection.gap
        for workspace in collection.seen():
            gap = most_telling(gap, workspace.storage_id.gap)
            if workspace.storage_id.gap is None:
                found.add(workspace.storage_id.get())
        return found - {None}, gap

    def _delivery_storage(self) -> tuple[set[str | None], Gap | None]:
        """Return the storage of the log deliveries, and why some may be missing."""
        collection = self.of(LOG_DELIVERIES)
        found: set[str | None] = set()
        gap = collection.gap
        for delivery in collection.seen():
            gap = most_telling(gap, delivery.storage_id.gap)
            if delivery.storage_id.gap is None:
                found.add(delivery.storage_id.get())
        return found, gap

    def _locations(self) -> Iterator[tuple[str, Gap | None]]:
        for workspace in self.of(WORKSPACES).seen():
            collection = self.of(EXTERNAL_LOCATIONS, workspace)
            for location in collection.seen():
                gap = location.url.gap
                yield ("" if gap else bucket_of(location.url.get())), gap
            yield "", collection.gap

    def _index(self, kind: Kind[R], collection: Collection[R]) -> Mapping[str, Any]:
        slot = (kind.name, collection.header.scope)
        if slot not in self._indexes:
            if len(self._indexes) >= _INDEXED:
                self._indexes.pop(next(iter(self._indexes)))
            self._indexes[slot] = {r.identity(): r for r in collection.seen()}
        return self._indexes[slot]
