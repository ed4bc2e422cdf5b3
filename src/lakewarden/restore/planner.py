"""What is to be done about each asset of a backup: make it, change it, leave it, or say why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lakewarden.apply.hand import hands
from lakewarden.apply.hands.assets import ASSET, RUNNING, plain
from lakewarden.assets.bars import stage_of
from lakewarden.assets.canonical import text
from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.plan.change import Change
from lakewarden.plan.paths import path, value_at
from lakewarden.restore.future import Future
from lakewarden.restore.granting import LEFT, grant, with_my_rights
from lakewarden.restore.ground import Ground
from lakewarden.restore.making import Making
from lakewarden.restore.memory import Memory
from lakewarden.restore.refusals import Refusals, impersonal
from lakewarden.restore.target import Assumed, Found, TargetWorkspace
from lakewarden.restore.wanted import Wanted

Json = Mapping[str, Any]


class Fate(StrEnum):
    """What is done about an asset."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DIFFERENT = "different"
    BY_HAND = "by hand"
    BLOCKED = "blocked"
    LATER = "at failover"


@dataclass(slots=True)
class Judged:
    """One asset, and what is done about it.

    Attributes:
        wanted: as the backup has it.
        fate: what is done.
        changes: the changes that do it; of a `DIFFERENT` one those that are not made.
        why: why it is by hand, blocked, or left as it is.
        notes: what else there is to say.
    """

    wanted: Wanted
    fate: Fate
    changes: list[Change] = field(default_factory=list)
    why: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def lacks_permissions(self) -> bool:
        """Return whether its permissions are not given back, as they name a stranger."""
        return any(note.startswith(LEFT) for note in self.notes)


@dataclass(frozen=True, slots=True)
class How:
    """How a backup is given back.

    Attributes:
        overwrite: what differs is changed as well.
        acls: permissions are given back too.
        lazy: kinds that are not made now.
        permanent: settings may be changed that can never be changed back.
        memory: what was applied before, where it is a standby.
        values: encrypted values of secrets can be opened.
    """

    overwrite: bool = False
    acls: bool = True
    lazy: frozenset[str] = frozenset()
    permanent: bool = False
    memory: Memory | None = None
    values: bool = True


class Planner:
    """Judges the assets of one backup for one workspace.

    Attributes:
        found: what the workspace has of each, by kind and key.
    """

    def __init__(self, target: TargetWorkspace, wanted: Iterable[Wanted], how: How) -> None:
        """Take the assets as they are to be in the target, and read what it has of them."""
        order = {name: number for number, name in enumerate(kinds())}
        self._target = target
        self._how = how
        self._wanted = sorted(wanted, key=lambda w: (order.get(w.kind, len(order)), w.key))
        known = [w for w in self._wanted if w.kind in order]
        self.found = target.read(
            [(w.kind, w.key, how.acls and w.acl is not None) for w in known], self._assumed(known)
        )
        absent = [w for w in self._wanted if self._absent_now(w)]
        changing = how.overwrite or how.memory is not None
        future = Future(target, self._wanted, self.found, changing=changing)
        self._ground = Ground(target, absent, Refusals(future))
        self._blocked = self._ground.obstacles(absent, how.lazy)
        self._making = Making(self._ground, self._wanted)

    def _assumed(self, known: list[Wanted]) -> Assumed:
        """Return what says which bytes an asset still has."""
        memory = self._how.memory
        if memory is None:
            return lambda _: None
        wanted = {(w.kind, w.key): w for w in known}
        return lambda held: memory.assumed(wanted[held.kind, held.key], held)

    def judge(self) -> Iterator[Judged]:
        """Yield each asset with what is done about it, those first on which others stand."""
        yield from map(self._judged, self._wanted)

    def _absent_now(self, wanted: Wanted) -> bool:
        found = self.found.get((wanted.kind, wanted.key))
        return found is not None and found.document is None and not found.problem

    def _judged(self, wanted: Wanted) -> Judged:
        kind = kinds().get(wanted.kind)
        if kind is None:
            why = "this version does not know the kind"
            return Judged(wanted, Fate.BLOCKED, why=why)
        found = self.found[wanted.kind, wanted.key]
        if found.problem:
            return Judged(wanted, Fate.BLOCKED, why=f"it cannot be looked at: {found.problem}")
        if found.document is None:
            return self._absent(kind, wanted)
        return self._present(kind, wanted, found)

    def _absent(self, kind: Kind, wanted: Wanted) -> Judged:
        mine = (wanted.kind, wanted.key)
        if blocked := self._blocked.get(mine):
            fate = Fate.LATER if mine in self._ground.later else Fate.BLOCKED
            return Judged(wanted, fate, why=blocked)
        if lacking := _unmakable(kind, wanted):
            return lacking
        if wanted.cipher and not self._how.values:
            return Judged(wanted, Fate.BY_HAND, why="its value is encrypted: give --identity")
        if self._is_permanent(kind, wanted):
            return Judged(wanted, Fate.BY_HAND, why=kind.permanent)
        judged = Judged(wanted, Fate.CREATE, list(self._making.changes(kind, wanted)))
        if kind.by_hand and not wanted.content:
            judged.notes.append(f"by hand: {kind.by_hand}")
        if self._how.acls and wanted.acl is not None and kind.acl:
            self._grant(kind, wanted, None, judged)
        memory = self._how.memory
        if memory and not self._how.overwrite and (removed := memory.removed(wanted)):
            return Judged(wanted, Fate.DIFFERENT, judged.changes, removed)
        return judged

    def _is_permanent(self, kind: Kind, wanted: Wanted) -> bool:
        """Return whether nobody could take back what is done about an asset, unless allowed."""
        return not self._how.permanent and any(part in wanted.key for part in kind.lasting)

    def _present(self, kind: Kind, wanted: Wanted, found: Found) -> Judged:
        judged = Judged(wanted, Fate.UNCHANGED)
        if wanted.around:
            return judged
        wanted = with_my_rights(self._target.me, wanted, found)
        before, after = differences(kind, wanted, found.document or {})
        if after and self._is_permanent(kind, wanted):
            return Judged(wanted, Fate.BY_HAND, why=f"it differs, and {kind.permanent}")
        if after and kind.update is None:
            names = ", ".join(place.removeprefix("/spec/") for place in after)
            return Judged(wanted, Fate.BY_HAND, why=f"{names} differ, and no call changes it")
        if after:
            thing = self._target.thing(ASSET, kind.name, wanted.key)
            follows = self._making.follows(kind, wanted)
            stage = stage_of(kind, wanted.key, wanted.spec)
            judged.changes.append(
                Change(thing, wanted.key, before, after, follows=follows, stage=stage)
            )
            if why := self._ground.standing_in_the_way(kind, impersonal(wanted, after)):
                return Judged(wanted, Fate.BLOCKED, why=why)
        if self._how.acls and wanted.acl is not None and found.acl is not None:
            self._grant(kind, wanted, found.acl, judged)
        judged = self._decided(judged, found) if judged.changes else judged
        return self._at_rest(kind, judged)

    def _at_rest(self, kind: Kind, judged: Judged) -> Judged:
        """Return an asset of a standby with what stops it, where a sync broke off before that."""
        memory, wanted = self._how.memory, judged.wanted
        fine = judged.fate in {Fate.UNCHANGED, Fate.UPDATE}
        if memory is None or kind.stop is None or not fine or memory.finished(wanted):
            return judged
        thing = self._target.thing(RUNNING, kind.name, wanted.key)
        ends = {"/running": True}, {"/running": False}
        if hands()[thing.kind].read(self._target.doors, thing) == {"running": True}:
            why = "it is not started again"
            judged.changes.append(Change(thing, wanted.key, *ends, irreversible=why))
            judged.fate = Fate.UPDATE
        return judged

    def _decided(self, judged: Judged, found: Found) -> Judged:
        """Return an asset that differs with what is done about it."""
        memory = self._how.memory
        if memory is None:
            judged.fate = Fate.UPDATE if self._how.overwrite else Fate.DIFFERENT
            return judged
        drift = memory.drift(judged.wanted, found)
        if not drift and memory.same(judged.wanted):
            return Judged(
                judged.wanted, Fate.UNCHANGED, notes=judged.notes
            )  # as the service has it
        judged.fate = Fate.DIFFERENT if drift and not self._how.overwrite else Fate.UPDATE
        judged.why = drift
        return judged

    def _grant(
        self, kind: Kind, wanted: Wanted, found: list[dict[str, str]] | None, judged: Judged
    ) -> None:
        """Add the change that gives permissions back, or say why there is none."""
        before = judged.changes if found is None else []
        change, notes = grant(self._ground, kind, wanted, found, before)
        judged.notes += notes
        if change is not None:
            judged.changes.append(change)


def _unmakable(kind: Kind, wanted: Wanted) -> Judged | None:
    """Return what becomes of an asset of which the backup, or the API, has too little."""
    if kind.content and not wanted.content:
        if kind.content.source == "secret":
            return Judged(wanted, Fate.BY_HAND, why=kind.by_hand)
        return Judged(wanted, Fate.BLOCKED, why="the backup does not have its content")
    if not wanted.spec:
        return Judged(wanted, Fate.UNCHANGED)
    if kind.create is None and kind.update is None:
        return Judged(wanted, Fate.BY_HAND, why="no call makes one")
    return None


def differences(kind: Kind, wanted: Wanted, found: Json) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return in which fields an asset differs from what is wanted: as they are, as they should."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    spec: Json = found.get("spec") or {}
    for name in dict.fromkeys([*spec, *wanted.spec]):
        old, new = spec.get(name), wanted.spec.get(name)
        if text(plain(old)) != text(plain(new)):
            before[path("spec", name)], after[path("spec", name)] = old, new
    kept = kind.content is not None and kind.content.source != "secret"
    if kept and wanted.content and wanted.content != value_at(found, "/content"):
        before["/content"], after["/content"] = found.get("content"), wanted.content
    return before, after
