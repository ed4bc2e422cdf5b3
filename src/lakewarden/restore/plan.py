"""Judged assets as one plan, in an order in which it can be carried out."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lakewarden.assets.registry import kinds
from lakewarden.plan.change import Change, Reason
from lakewarden.plan.plan import Blocked, Manual, Origin, Plan
from lakewarden.restore.planner import Fate, Judged

_RESTORE: Final = "restore"
_MOST_ALIKE: Final = 100
"""How many of a kind with one fate are named."""
_SIGNS: Final = {
    Fate.CREATE: "+",
    Fate.UPDATE: "~",
    Fate.UNCHANGED: " ",
    Fate.DIFFERENT: "=",
    Fate.BY_HAND: "!",
    Fate.BLOCKED: "?",
    Fate.LATER: ".",
}


@dataclass(frozen=True, slots=True)
class Restoration:
    """A plan, and what it leaves alone.

    Attributes:
        plan: what is done.
        judged: every asset that was asked for.
    """

    plan: Plan
    judged: Sequence[Judged]

    def counts(self) -> dict[str, int]:
        """Return how many assets have which fate."""
        found = Counter(one.fate for one in self.judged)
        return {fate.value: found[fate] for fate in Fate}

    def of(self, *fates: Fate) -> list[Judged]:
        """Return the assets of some fates."""
        return [one for one in self.judged if one.fate in fates]

    def left(self) -> list[Judged]:
        """Return the assets that are not, or not wholly, as the backup has them after it."""
        some = {Fate.DIFFERENT, Fate.BY_HAND, Fate.BLOCKED}
        return [one for one in self.judged if one.fate in some or one.lacks_permissions]

    def as_json(self) -> dict[str, Any]:
        """Return it as `restore --format json` prints it."""
        told = (Fate.DIFFERENT, Fate.BY_HAND, Fate.BLOCKED, Fate.LATER)
        return {
            "counts": self.counts(),
            "left": [
                {"kind": j.wanted.kind, "key": j.wanted.key, "fate": j.fate.value, "why": _why(j)}
                for j in self.of(*told)
            ],
            "notes": [
                {"kind": j.wanted.kind, "key": j.wanted.key, "note": note}
                for j in self.judged
                for note in j.notes
            ],
            "plan": self.plan.as_json(),
        }


def restoration(
    judged: Iterable[Judged], origin: Origin, more: Iterable[Change] = ()
) -> Restoration:
    """Return what is done about judged assets, as one plan.

    Args:
        judged: the assets.
        origin: where the plan comes from.
        more: further changes, as of what is to be removed.
    """
    every = list(judged)
    made = [c for j in every if j.fate in {Fate.CREATE, Fate.UPDATE} for c in j.changes]
    manual = [Manual(_reason(j), j.why, "restore again") for j in every if j.fate is Fate.BY_HAND]
    manual += [
        Manual(_reason(j), note.removeprefix("by hand: "), "try it")
        for j in every
        for note in j.notes
        if note.startswith("by hand: ")
    ]
    blocked = [Blocked(_reason(j), j.why) for j in every if j.fate is Fate.BLOCKED]
    plan = Plan(origin, in_order([*made, *more]), tuple(manual), tuple(blocked))
    return Restoration(plan, every)


def in_order(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return changes by stage, so that each comes after those that it follows, and else as before.

    One that follows another is of no earlier stage.

    Raises:
        ValueError: some wait for each other.
    """
    stages: dict[str, int] = {}
    staged = []
    for change in _following(changes):
        stage = max([change.stage, *(stages[a] for a in change.follows if a in stages)])
        stages[change.address] = stage
        staged.append(replace(change, stage=stage))
    return tuple(sorted(staged, key=lambda change: change.stage))


def _following(changes: Sequence[Change]) -> list[Change]:
    numbers = {change.address: number for number, change in enumerate(changes)}
    waits = [{numbers[a] for a in change.follows if a in numbers} for change in changes]
    followers: dict[int, list[int]] = defaultdict(list)
    for number, before in enumerate(waits):
        for one in before:
            followers[one].append(number)
    ready = [number for number, before in enumerate(waits) if not before]
    heapq.heapify(ready)
    made: list[Change] = []
    while ready:
        number = heapq.heappop(ready)
        made.append(changes[number])
        for follower in followers[number]:
            waits[follower].discard(number)
            if not waits[follower]:
                heapq.heappush(ready, follower)
    if len(made) < len(changes):
        left = [change.address for change in changes if change not in made]
        raise ValueError(f"these changes wait for each other: {', '.join(left)}")
    return made


def lines(found: Restoration) -> Iterator[str]:
    """Yield a plan as people read it: what is done, what is not and why, and a count."""
    shown: Counter[tuple[Fate, str]] = Counter()
    for one in found.judged:
        if one.fate is Fate.UNCHANGED and not one.notes:
            continue
        like = (one.fate, one.wanted.kind)
        shown[like] += 1
        if shown[like] <= _MOST_ALIKE:
            yield from _told(one)
    for (fate, kind), count in shown.items():
        if count > _MOST_ALIKE:
            yield f"{_SIGNS[fate]} {count - _MOST_ALIKE} more of {_title(kind)}"
    for change in found.plan.changes:
        if change.after is None and not change.part_of:
            yield f"- {change.address}"
    yield summary(found)


def _told(one: Judged) -> Iterator[str]:
    why = _why(one)
    yield f"{_SIGNS[one.fate]} {one.wanted.kind} {one.wanted.key}" + (f": {why}" if why else "")
    yield from (f"    {note}" for note in one.notes)
    yield from (f"    {place}" for place in _differing(one))


def summary(found: Restoration) -> str:
    """Return a plan in one line."""
    counts = found.counts()
    removed = sum(c.after is None and not c.part_of for c in found.plan.changes)
    parts = [
        f"{counts[Fate.CREATE]} to add, {counts[Fate.UPDATE]} to change, {removed} to remove",
        f"{counts[Fate.UNCHANGED]} unchanged",
    ]
    told = {
        Fate.DIFFERENT: "differ and stay as they are",
        Fate.BY_HAND: "by hand",
        Fate.BLOCKED: "blocked",
        Fate.LATER: "made at failover",
    }
    parts += [f"{counts[fate]} {what}" for fate, what in told.items() if counts[fate]]
    return f"Plan: {'; '.join(parts)}."


def _title(kind: str) -> str:
    known = kinds().get(kind)
    return known.title if known else kind


def _why(one: Judged) -> str:
    if one.fate is Fate.DIFFERENT:
        return f"{one.why or 'it differs'}, and is left as it is without --overwrite"
    return one.why


def _differing(one: Judged) -> Iterator[str]:
    """Yield which parts of an asset differ."""
    if one.fate not in {Fate.UPDATE, Fate.DIFFERENT}:
        return
    for change in one.changes:
        for place in change.after or {}:
            yield place.strip("/").replace("/", ".").removeprefix("spec.")


def _reason(one: Judged) -> Reason:
    return Reason(_RESTORE, (), f"{one.wanted.kind}/{one.wanted.key}", one.wanted.key)
