"""A standby that follows: what to change in it, what its own changes are, what is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakewarden.apply.hands.assets import ACL, ASSET, LATE
from lakewarden.apply.run import Stepped
from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Change
from lakewarden.restore.memory import Memory, left_digest, mark_of, wanted_digest
from lakewarden.restore.passive import held_back
from lakewarden.restore.planner import Fate, Judged
from lakewarden.restore.target import Found, Me, TargetWorkspace
from lakewarden.restore.wanted import Wanted
from lakewarden.store.pairs import Applied, Key
from lakewarden.store.vault.manifest import Run, Status

Json = Mapping[str, Any]
LAZY: Final = frozenset({"cluster", "serving_endpoint"})
"""Kinds that cost from the moment they are made."""
MOST_GONE: Final = 20
"""How many assets of a kind may be removed at once, whatever share of it they are."""
_SHARE: Final = 0.1
_CALLERS: Final = frozenset({"user", "service_principal"})
_LETS_IN: Final = frozenset({"ip_access_list"})
"""Kinds of which the last one that lets somebody in may be the one to go."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What is not at the source any more, and still in the standby.

    Attributes:
        changes: those that remove it.
        kept: what is left, by kind and key, and why.
    """

    changes: tuple[Change, ...] = ()
    kept: Mapping[Key, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prune:
    """What may be removed from a standby.

    Attributes:
        wanted: whether anything may be.
        overwrite: also what was changed in the standby.
        massive: however much it is.
    """

    wanted: bool = False
    overwrite: bool = False
    massive: bool = False


def passive(wanted: Iterable[Wanted]) -> Iterator[Wanted]:
    """Yield assets as they are in a standby: nothing starts by itself."""
    for one in wanted:
        kind = kinds().get(one.kind)
        held = kind is not None and kind.pauses
        yield replace(one, spec=held_back(kind, one.spec)) if kind and held else one


def gone(
    target: TargetWorkspace, memory: Memory, there: Collection[Key], run: Run, prune: Prune
) -> Gone:
    """Return what was applied once, and is not at the source any more.

    Nothing counts as gone unless the run could list all of its kind, and read all that was listed.

    Args:
        target: the standby.
        memory: what was applied.
        there: what the source has, by kind and key, under the names of both workspaces.
        run: the backup.
        prune: what may be removed.
    """
    whole = {kind for kind, c in run.collections.items() if c.status is Status.COMPLETE}
    failed = {(each["kind"], each["key"]) for each in run.errors}
    whole -= {kind for kind, key in failed if (kind, key) not in memory.applied}
    if run.part_of_tree:
        whole -= {kind.name for kind in kinds().values() if kind.tree}
    lost = sorted(k for k in memory.applied.keys() - set(there) - failed if k[0] in whole)
    found = target.read([(kind, key, True) for kind, key in lost])
    kept: dict[Key, str] = {}
    doomed: list[Key] = []
    for mine in lost:
        if why := _kept(target.me, memory, mine, found[mine], prune):
            kept[mine] = why
        elif found[mine].document is not None:
            doomed.append(mine)
    for kind in {kind for kind, _ in doomed}:
        count = sum(k == kind for k, _ in doomed)
        every = sum(k == kind for k, _ in memory.applied)
        if count > max(MOST_GONE, every * _SHARE) and not prune.massive:
            why = f"{count} of {every} would be removed: look, and give --accept-prune"
            kept |= {mine: why for mine in doomed if mine[0] == kind}
    left = [mine for mine in doomed if mine not in kept]
    return Gone(tuple(_removals(target, left, found)), kept)


def applied(
    target: TargetWorkspace, judged: Sequence[Judged], notes: Notes, run: str
) -> Iterator[Applied]:
    """Yield what is to be remembered after a sync: what was wanted, and what the standby has.

    Of what was made in part, nothing is noted as wanted, so that the next sync goes on with it; of
    what cannot be read, nothing at all.
    """
    for one in judged:
        if one.fate not in {Fate.CREATE, Fate.UPDATE, Fate.UNCHANGED} or one.wanted.around:
            continue
        changes = one.changes if one.fate is not Fate.UNCHANGED else []
        made = [change for change in changes if change.address in notes.left]
        if changes and not made:
            continue
        with suppress(CallFailedError):
            whole = len(made) == len(changes)
            yield _applied(target, one, notes, run if made else "", whole=whole)


def _applied(
    target: TargetWorkspace, one: Judged, notes: Notes, run: str, *, whole: bool
) -> Applied:
    wanted = one.wanted
    kind, key = wanted.kind, wanted.key
    asset = target.catalogue.id_of(kind, key) or ""
    document, acl = notes.of(one)
    counts = wanted.acl is not None and bool(kinds()[kind].acl)
    if not whole or not document or (counts and acl is None):
        again = target.read([(kind, key, counts)])[kind, key]
        if again.problem:
            raise CallFailedError(Cause.MALFORMED, again.problem)
        document, acl = again.document or {}, again.acl
    held = target.catalogue.known(kind, key)
    left, mark = left_digest(document, acl), mark_of(held) if held else ""
    done = wanted_digest(wanted) if whole else ""
    return Applied(kind, key, asset, done, left, run, mark)


@dataclass(slots=True)
class Notes:
    """What changes left, as far as they were made.

    Attributes:
        found: the standby as it was before.
        left: by the address of the change.
    """

    found: Mapping[Key, Found]
    left: dict[str, Json | None] = field(default_factory=dict)

    def tell(self, change: Change, made: Stepped | str) -> None:
        """Note a change that was made."""
        if isinstance(made, Stepped):
            self.left[change.address] = made.left

    def of(self, one: Judged) -> tuple[Json, list[dict[str, str]] | None]:
        """Return document and permissions of an asset after all its changes."""
        before = self.found.get((one.wanted.kind, one.wanted.key), Found())
        document: Json = before.document or {}
        acl = before.acl
        for change in one.changes:
            left = self.left.get(change.address)
            if left is None:
                continue
            if change.target.kind.startswith((ASSET, LATE)) and "spec" in left:
                document = left
            elif change.target.kind.startswith(ACL):
                acl = left.get("acl")
        return document, acl


def _kept(me: Me, memory: Memory, mine: Key, found: Found, prune: Prune) -> str:
    """Return why something stays that is gone at the source; empty when it may go."""
    if found.problem:
        return f"it cannot be looked at: {found.problem}"
    if found.document is None:
        return ""
    if not prune.wanted:
        return "it is gone at the source: --prune removes it"
    if why := _lasting(me, mine):
        return f"it is gone at the source, and {why}"
    marks = {left_digest(found.document, acl) for acl in (found.acl, None)}
    if memory.applied[mine].left not in marks and not prune.overwrite:
        return "it is gone at the source, and was changed in the standby"
    return ""


def _lasting(me: Me, mine: Key) -> str:
    """Return why something is never removed from a standby; empty when it may be."""
    kind, key = mine
    if key == me.name and kind in _CALLERS:
        return "it is you who sync"
    if kind in _LETS_IN:
        return "a person should look whom it lets in"
    return "no call removes it" if kinds()[kind].delete is None else ""


def _removals(
    target: TargetWorkspace, doomed: Sequence[Key], found: Mapping[Key, Found]
) -> Iterator[Change]:
    """Yield the changes that remove assets, those first that stand on others."""
    order = {name: number for number, name in enumerate(kinds())}
    last = sorted(doomed, key=lambda mine: (-order[mine[0]], -len(mine[1]), mine[1]))
    gone: list[tuple[Key, str]] = []
    for kind, key in last:
        thing = target.thing(ASSET, kind, key)
        document = found[kind, key].document or {}
        before = {f"/{name}": value for name, value in document.items()}
        inside = tuple(a for (k, other), a in gone if _stands(k, other, kind, key))
        yield Change(thing, key, before, None, follows=inside)
        gone.append(((kind, key), thing.address))


def _stands(kind: str, key: str, on: str, other: str) -> bool:
    """Return whether an asset may stand on another one."""
    if on == "directory":
        return key.startswith(f"{other}/")
    return on in kinds()[kind].needs
