"""What changed between two snapshots: a merge of their collections, in constant memory.

Collections whose content addresses are equal are equal, so nothing of them is read. What changes
by itself is no change: recorded events, and fields that are declared volatile. Neither is what
makes no difference: the blanks in a policy document, or that a setting was never set, where a
document says what that means and it is set to just that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lakewarden.estate.aws import BucketVersioning
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.defaults import NEVER_VERSIONED, default_of
from lakewarden.estate.kind import Scope
from lakewarden.estate.record import Record, pack, plan_of
from lakewarden.semantics.iam_documents import meaning
from lakewarden.store.snapshots import DiskSnapshot, Entry


class What(StrEnum):
    """What happened to a record, or to a collection as a whole."""

    ADDED = "+"
    REMOVED = "-"
    CHANGED = "~"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        what: added, removed or changed.
        scope: where.
        kind: the collection.
        identity: the record, or empty for the collection's own state.
        fields: by field, the value before and after; empty for whole records.
    """

    what: What
    scope: str
    kind: str
    identity: str
    fields: dict[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "change": self.what.name.lower(),
            "scope": self.scope,
            "kind": self.kind,
            "id": self.identity,
            "fields": {k: {"before": b, "after": a} for k, (b, a) in self.fields.items()},
        }

    def __str__(self) -> str:
        head = f"{self.what} {self.scope} {self.kind} {self.identity}".rstrip()
        shown = (f"    {k}: {_short(b)} -> {_short(a)}" for k, (b, a) in self.fields.items())
        return "\n".join((head, *shown))


def compare(before: DiskSnapshot, after: DiskSnapshot) -> Iterator[Difference]:
    """Yield every difference, in order of scope, kind and identity.

    Nothing is concluded from an absence in a collection that is not complete: what is missing
    there is called neither removed nor added.

    Raises:
        SnapshotError: a part of either snapshot cannot be read.
    """
    old, new = before.entries(), after.entries()
    for key in sorted({*old, *new}, key=lambda pair: (pair[1], pair[0])):
        kind, scope = key
        if KINDS[kind].scope is Scope.EVENTS:
            continue
        left, right = old.get(key), new.get(key)
        yield from _state(kind, scope, left, right)
        if left and right and left.sha256 == right.sha256:
            continue
        yield from _records(before, after, kind, scope)


def _state(kind: str, scope: str, left: Entry | None, right: Entry | None) -> Iterator[Difference]:
    was = left.header.status.value if left else "not read"
    now = right.header.status.value if right else "not read"
    if was != now:
        yield Difference(What.CHANGED, scope, kind, "", {"status": (was, now)})


def _records(
    before: DiskSnapshot, after: DiskSnapshot, kind: str, scope: str
) -> Iterator[Difference]:
    old, new = before.collection(KINDS[kind], scope), after.collection(KINDS[kind], scope)
    lefts, rights = old.seen(), new.seen()
    left, right = next(lefts, None), next(rights, None)
    while left is not None or right is not None:
        a = left.identity() if left is not None else None
        b = right.identity() if right is not None else None
        if b is None or (a is not None and a < b):
            if new.gap is None:
                yield Difference(What.REMOVED, scope, kind, str(a), {})
            left = next(lefts, None)
        elif a is None or b < a:
            if old.gap is None:
                yield Difference(What.ADDED, scope, kind, b, {})
            right = next(rights, None)
        else:
            fields = _fields(left, right, kind)
            if fields:
                yield Difference(What.CHANGED, scope, kind, b, fields)
            left, right = next(lefts, None), next(rights, None)


def _fields(left: Any, right: Any, kind: str) -> dict[str, tuple[Any, Any]]:
    was, now = lasting(left, kind), lasting(right, kind)
    holes, new_holes = sorted(was.get("?", ())), sorted(now.get("?", ()))
    lost = {*holes, *new_holes}
    names = [f.name for f in plan_of(type(left)) if f.name in was and f.name not in lost]
    found = {n: (was[n], now[n]) for n in names if was[n] != now[n]}
    if holes != new_holes:
        found["unread"] = (holes, new_holes)
    return found


def lasting(record: Record, kind: str) -> dict[str, Any]:
    """Return a record as JSON, without what is volatile, and with defaults in place of nothing."""
    found = pack(record)
    for field in plan_of(type(record)):
        if field.volatile:
            found.pop(field.name, None)
            found.get("?", {}).pop(field.name, None)
        elif field.unordered and found.get(field.name):
            found[field.name] = sorted(found[field.name], key=json.dumps)
    if found.get("value", ...) is None:
        found["value"] = default_of(kind, record.identity())
    if isinstance(record, BucketVersioning) and found.get("status", ...) is None:
        found["status"] = NEVER_VERSIONED
    return {n: _meant(value) for n, value in found.items() if n != "?" or value}


def _meant(value: Any) -> Any:
    """Return a value; policy documents in it as they are read, and none for an empty object."""
    if value == {}:
        return None
    if isinstance(value, list):
        return [_meant(entry) for entry in value]
    if isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
        try:
            return meaning(json.loads(value))
        except ValueError:
            return value
    return value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004  # one terminal line
