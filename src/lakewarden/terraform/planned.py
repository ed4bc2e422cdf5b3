"""`Planned`: a plan as an estate, in which every list is only as long as the plan knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakewarden.clock import parse_time
from lakewarden.estate.account import WORKSPACE_NETWORK, WORKSPACES
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.kind import Scope, Status
from lakewarden.estate.snapshot import Header, MemorySnapshot, Meta
from lakewarden.estate.wire import MalformedError
from lakewarden.terraform.access import ACCESS
from lakewarden.terraform.account import ACCOUNT
from lakewarden.terraform.aws import AWS
from lakewarden.terraform.compute import COMPUTE
from lakewarden.terraform.entries import Entry, Source, merged, record_of
from lakewarden.terraform.places import Place, Places, account_of
from lakewarden.terraform.plan import Plan, Resource
from lakewarden.terraform.references import References
from lakewarden.terraform.unity import UNITY
from lakewarden.terraform.values import Parts
from lakewarden.terraform.vpc import VPC

READERS: Final = {**ACCOUNT, **ACCESS, **COMPUTE, **UNITY, **AWS, **VPC}
"""How resources are read, by type."""
ONLY_MANAGED: Final = "a plan shows only what it manages"

Slot = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan says of a deployment.

    Attributes:
        meta: when the plan was made, and of which account.
        entries: what it says of each record, by kind and scope.
        implied: ids of the workspaces that it only lives in.
        aside: a line for everything that is not looked at.
    """

    meta: Meta
    entries: Mapping[Slot, tuple[Entry, ...]]
    implied: frozenset[str]
    aside: tuple[str, ...] = ()

    def snapshot(self, parts: Parts = Parts.OPEN) -> MemorySnapshot:
        """Return the plan as a snapshot.

        Args:
            parts: what to take the known part of a list or map for.
        """
        scopes = {scope for _, scope in self.entries} | {"account", "aws", "events"}
        slots = {
            (kind.name, scope)
            for kind in KINDS.values()
            for scope in scopes
            if scope.partition("/")[0] == kind.scope.value
        }
        collections = {}
        for name, scope in sorted(slots):
            found = self.entries.get((name, scope), ())
            records = tuple(record_of(entry, parts) for entry in found)
            gap = Gap(Cause.UNPLANNED, name, ONLY_MANAGED, "")
            header = Header(name, scope, Status.PARTIAL, gap, len(records))
            collections[name, scope] = (header, records)
        return MemorySnapshot(self.meta, collections)


@dataclass(slots=True)
class _Builder:
    """Entries by kind, scope and identity, while resources are read."""

    found: dict[Slot, dict[tuple[Any, ...], list[Entry]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    places: dict[int, Place] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)

    def add(self, entry: Entry, place: Place | None) -> None:
        """Put an entry where it belongs; one that is of nothing known is told aside."""
        kind = entry.kind
        if not entry.identified:
            self.aside.append(f"{entry.address}: {Cause.PLANNED} what it is for")
            return
        if kind.scope is Scope.WORKSPACE and place is None:
            self.aside.append(f"{entry.address}: it is the account's, and no workspace is judged")
            return
        if not _readable(entry):
            self.aside.append(f"{entry.address}: {Cause.MALFORMED}")
            return
        scope = kind.scope.value
        if kind.scope is Scope.WORKSPACE and place is not None:
            scope = f"workspace/{place.id}"
            self.places.setdefault(place.id, place)
        self.found[kind.name, scope][entry.identity].append(entry)


def _readable(entry: Entry) -> bool:
    try:
        record_of(entry, Parts.WHOLE)
    except MalformedError:
        return False
    return True


def planned(plan: Plan, *, now: str) -> Planned:
    """Read a plan as an estate.

    Args:
        plan: the plan.
        now: the time for plans that do not say when they were made, ISO 8601.
    """
    references = References(plan)
    places = Places(plan, references)
    taken = plan.made or now
    moment = int(parse_time(taken).timestamp() * 1000)
    builder = _Builder()
    for resource in plan.resources.values():
        try:
            for entry in _entries(Source(resource, references, moment)):
                inside = entry.kind.scope is Scope.WORKSPACE
                builder.add(entry, places.of(resource) if inside else None)
        except (AttributeError, KeyError, TypeError, ValueError):
            builder.aside.append(f"{resource.address}: its values have an unknown shape")
    implied = _imply(builder)
    entries = {
        slot: tuple(merged(same) for same in found.values())
        for slot, found in builder.found.items()
    }
    unread = _types_not_read(plan.resources.values())
    meta = Meta(taken, account_of(plan))
    return Planned(meta, entries, implied, (*unread, *dict.fromkeys(builder.aside)))


def _entries(source: Source) -> Iterator[Entry]:
    reader = READERS.get(source.resource.type)
    for entry in reader(source) if reader else ():
        yield replace(entry, address=source.resource.address)


def _imply(builder: _Builder) -> frozenset[str]:
    """Add the workspaces that resources live in and that the plan does not manage."""
    there = builder.found[WORKSPACES.name, "account"]
    assigned = builder.found.get((WORKSPACE_NETWORK.name, "account"), {})
    wanted = dict(builder.places)
    for (identity,) in assigned:
        known = int(identity)
        wanted.setdefault(known, Place(known, f"workspace {known}"))
    managed = {int(identity) for (identity,) in there}
    for identity, place in sorted(wanted.items()):
        if identity not in managed:
            fields = {"workspace_id": identity, "workspace_name": place.name}
            there[identity,].append(Entry(WORKSPACES, fields, WORKSPACES.name))
    return frozenset(str(identity) for identity in wanted if identity not in managed)


def _types_not_read(resources: Iterable[Resource]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for resource in resources:
        if resource.type not in READERS:
            counts[resource.type] += 1
    return [
        f"{n} of type {name}, which no control asks about" for name, n in sorted(counts.items())
    ]
