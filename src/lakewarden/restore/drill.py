"""Whether what was restored is what the backup has, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakewarden.apply.run import Stepped
from lakewarden.assets.canonical import digest, text
from lakewarden.assets.kinds.tree import ROOTS
from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import UsageError
from lakewarden.plan.change import Change
from lakewarden.restore.plan import Restoration
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.wanted import Wanted
from lakewarden.store.vault.manifest import Entry, Run

Key = tuple[str, str]
_PARTS: Final = {"spec": "definition", "acl": "permissions", "content": "content"}
_OF_PEOPLE: Final = ("job", "pipeline", "notebook", "file", "query", "dashboard", "alert", "repo")
"""Kinds of which a workspace that nobody uses has none."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where what was restored is not what the backup has.

    Attributes:
        kind: of asset.
        key: its key.
        what: `missing`, `not in the backup`, or what of it differs.
    """

    kind: str
    key: str
    what: str


@dataclass(slots=True)
class Timing:
    """How long it took until all of a kind was there.

    Attributes:
        changes: how many were made.
        seconds: from the beginning to the last of them.
    """

    changes: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Stopwatch:
    """Notes when changes are made.

    Attributes:
        kinds: how long each kind of asset took, with its permissions.
        failed: how many changes failed.
    """

    kinds: dict[str, Timing] = field(default_factory=dict)
    failed: int = 0
    now: Callable[[], float] = time.monotonic
    since: float = field(default_factory=time.monotonic)

    def tell(self, change: Change, was: Stepped | str) -> None:
        """Note that a change was made, or failed."""
        if not isinstance(was, Stepped):
            self.failed += 1
            return
        timing = self.kinds.setdefault(change.target.kind.rpartition(".")[2], Timing())
        timing.changes += 1
        timing.seconds = self.now() - self.since


def insist_empty(target: TargetWorkspace, host: str) -> frozenset[Key]:
    """Refuse a workspace that somebody uses; return what there is in any.

    Args:
        target: the workspace.
        host: that of the backup.

    Raises:
        UsageError: it is used, or is that of the backup.
        CallFailedError: it cannot be listed.
    """
    where = target.catalogue.host.host
    if where == host:
        raise UsageError("is the workspace of the backup", where=where, next_step="Name another")
    for kind in _OF_PEOPLE:
        found = target.catalogue.all(kind)
        if found:
            raise UsageError(
                f"is not empty: there is the {kind} {found[0].key}",
                where=where,
                next_step="Name an empty workspace with --into",
            )
    return frozenset((kind, held.key) for kind in kinds() for held in _all(target, kind))


def lacking(found: Run, backup: Run) -> list[str]:
    """Return what a backup of the workspace could not read though the one to compare with could.

    What neither could read is no reason to compare nothing: that backup is not complete, and says
    so.

    Args:
        found: the backup of the workspace that was given something.
        backup: what it was given.
    """
    seen = {kind for kind, collection in backup.collections.items() if collection.seen}
    lists = (kind for kind, c in found.collections.items() if kind in seen and not c.seen)
    parts = _unread(found) - _unread(backup)
    return [*lists, *(f"{kind} {key}" for kind, key in sorted(parts))]


def _unread(run: Run) -> set[Key]:
    return {(str(o.get("kind")), str(o.get("key"))) for o in (*run.incomplete, *run.errors)}


def tried(wanted: Iterable[Wanted], found: Restoration) -> Iterator[Wanted]:
    """Yield what is wanted, without the permissions that a plan leaves as they are."""
    strange = {(j.wanted.kind, j.wanted.key) for j in found.judged if j.lacks_permissions}
    for one in wanted:
        yield replace(one, acl=None) if (one.kind, one.key) in strange else one


def not_tried(found: Restoration) -> frozenset[Key]:
    """Return kind and key of what a plan does not give back at all."""
    left = (j.wanted for j in found.left() if not j.lacks_permissions)
    return frozenset((wanted.kind, wanted.key) for wanted in left)


def differences(
    wanted: Iterable[Wanted],
    found: Iterable[Entry],
    there: frozenset[Key],
    left_out: frozenset[Key],
) -> list[Difference]:
    """Return in what a backup of the workspace differs from what it was given.

    Args:
        wanted: what it was given, under the names of there.
        found: what a backup of it has.
        there: what was there before; more than the backup has is no difference then.
        left_out: what is not compared, as nobody tried to give it back.
    """
    expected = {(w.kind, w.key): _digests(w) for w in wanted}
    have = {(e.kind, e.key): {part: getattr(e, part) for part in _PARTS} for e in found}
    told: list[Difference] = []
    for mine in sorted(expected.keys() | have.keys()):
        want, got = expected.get(mine), have.get(mine)
        if mine in left_out or (want is None and mine in there):
            continue
        if got is None and mine[0] == "directory" and mine[1] in ROOTS:
            continue
        told += [Difference(*mine, what) for what in _apart(want, got)]
    return told


def _apart(want: Mapping[str, Any] | None, got: Mapping[str, Any] | None) -> Iterable[str]:
    if got is None:
        return ["missing"]
    if want is None:
        return ["not in the backup"]
    return [
        f"another {name}"
        for part, name in _PARTS.items()
        if want[part] != got[part] and not (part == "acl" and want[part] is None)
    ]


def _digests(wanted: Wanted) -> dict[str, str | None]:
    acl = None if wanted.acl is None else _digest(sorted(wanted.acl, key=text))
    spec = _digest(wanted.spec) if wanted.spec or not _without_spec(wanted.kind) else None
    return {"spec": spec, "acl": acl, "content": wanted.content}


def _without_spec(kind: str) -> bool:
    return kinds()[kind].listing is None and not kinds()[kind].tree


def _digest(document: Any) -> str:
    return digest(text(document).encode("utf-8", "surrogatepass"))


def _all(target: TargetWorkspace, kind: str) -> Iterable[Any]:
    try:
        return target.catalogue.all(kind)
    except CallFailedError:
        return ()
