"""Carrying out a plan: read before, journal, write, read back.

Every change is idempotent: one that is made already is left alone. So a run that was cut off
anywhere is taken up by carrying out the same plan again, and undoing is to carry out the inverse.
Nothing is ever overwritten that is neither as the plan found it nor as the plan leaves it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json, hands
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import ApplyError, MovedOnError
from lakewarden.plan.change import Action, Attributes, Change
from lakewarden.plan.paths import shown, value_at, values_at, with_values

_SETTLING: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds to wait before each attempt to read back what was written."""


class State(StrEnum):
    """Where a thing stands between the two ends of a change."""

    BEFORE = "before"
    AFTER = "after"
    ELSEWHERE = "elsewhere"


class Steps(Protocol):
    """The part of the journal that one run writes."""

    def intend(self, number: int, address: str, before: Attributes | None) -> None:
        """Note, durably, that a change is about to be made, and what it finds."""
        ...

    def done(self, number: int) -> None:
        """Note that a change was made and read back."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """One thing as it is, beside the change that is about it.

    Attributes:
        change: the change.
        found: the whole thing; None when it is not there.
        state: where it stands.
        odd: the paths at which it is neither as before nor as after.
    """

    change: Change
    found: Json | None
    state: State
    odd: tuple[str, ...] = ()


def look(doors: Doors, change: Change) -> Look:
    """Read the thing that a change is about.

    Raises:
        ApplyError: it cannot be read.
    """
    hand = _hand(change)
    try:
        found = hand.read(doors, change.target)
    except CallFailedError as error:
        raise ApplyError(
            f"cannot be read: {error}",
            where=change.address,
            next_step="Nothing was changed there; apply again when the call works",
        ) from None
    if not (odd := _differs(hand, change, change.after, found)):
        return Look(change, found, State.AFTER)
    if not (apart := _differs(hand, change, change.before, found)):
        return Look(change, found, State.BEFORE)
    return Look(change, found, State.ELSEWHERE, tuple(p for p in apart if p in odd) or apart)


@dataclass(frozen=True, slots=True)
class Stepped:
    """A change that is made.

    Attributes:
        was: where the thing stood before.
        left: the thing as the change leaves it; None where it is gone.
    """

    was: State
    left: Json | None


def insist_unmoved(looks: Iterable[Look]) -> None:
    """Refuse a plan when something is neither as it found it nor as it leaves it.

    Raises:
        MovedOnError: naming every such setting.
    """
    moved = [_told(one) for one in looks if one.state is State.ELSEWHERE]
    if moved:
        raise MovedOnError(
            "has changed since the plan was made: " + "; ".join(moved),
            where="the deployment",
            next_step="Nothing was changed. Make a new plan with `lakewarden plan`",
        )


def carry_out(
    doors: Doors,
    changes: Iterable[Change],
    journal: Steps,
    watch: Callable[[Change, State], None] = lambda *_: None,
) -> None:
    """Make changes, one after another, and stop at the first that does not come out as planned.

    Args:
        doors: the open doors.
        changes: in the order in which they are to be made.
        journal: written before and after each.
        watch: told of every change, with where it stood before.

    Raises:
        MovedOnError: somebody else changed a thing meanwhile; it was left alone.
        ApplyError: a call failed, or what was written does not read back.
    """
    for number, change in enumerate(changes):
        watch(change, step(doors, number, change, journal).was)


def step(doors: Doors, number: int, change: Change, journal: Steps) -> Stepped:
    """Make one change, unless it is made.

    Args:
        doors: the open doors.
        number: of the change in its plan.
        change: the change.
        journal: written before and after.

    Raises:
        MovedOnError: somebody else changed the thing meanwhile; it was left alone.
        ApplyError: a call failed, or what was written does not read back.
    """
    seen = look(doors, change)
    insist_unmoved([seen])
    if seen.state is State.BEFORE:
        before = None if seen.found is None else values_at(seen.found, _places(change))
        journal.intend(number, change.address, before)
        _write(doors, seen)
        left = _read_back(doors, change)
    else:
        left = seen.found
    journal.done(number)
    return Stepped(seen.state, left)


def _write(doors: Doors, seen: Look) -> None:
    change, hand, target = seen.change, _hand(seen.change), seen.change.target
    try:
        if change.action is Action.CREATE:
            hand.create(doors, target, with_values({}, change.after or {}))
        elif change.action is Action.DELETE:
            hand.delete(doors, target, seen.found or {})
        else:
            wanted = with_values(seen.found, change.after or {})
            hand.update(doors, target, seen.found or {}, wanted)
    except CallFailedError as error:
        raise ApplyError(
            f"was refused: {error}",
            where=change.address,
            next_step="The changes before it were made; see the run's state below",
        ) from None


def _read_back(doors: Doors, change: Change) -> Json | None:
    seen = None
    for seconds in _SETTLING:
        time.sleep(seconds)
        seen = look(doors, change)
        if seen.state is State.AFTER:
            return seen.found
    odd = seen.odd if seen else ()
    places = "; ".join(shown(p) or "as a whole" for p in odd) or "nothing changed"
    raise ApplyError(
        f"was written and does not read back ({places})",
        where=change.address,
        next_step="The changes before it were made; see the run's state below",
    )


def _hand(change: Change) -> Hand:
    hand = hands().get(change.target.kind)
    if hand is None:
        raise ApplyError(
            f"no hand can change a {change.target.kind}",
            where=change.address,
            next_step="Make the plan anew with this version of lakewarden",
        )
    return hand


def _places(change: Change) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(change.before or {}), *(change.after or {})]))


def _differs(
    hand: Hand, change: Change, wanted: Attributes | None, found: Json | None
) -> tuple[str, ...]:
    """Return the paths at which a thing is not as wanted; `/` when it should not be, or should."""
    if wanted is None or found is None:
        return () if wanted is None and found is None else ("/",)
    return tuple(
        place
        for place, value in wanted.items()
        if not hand.same(change.target, place, value_at(found, place), value)
    )


def _told(one: Look) -> str:
    return f"{one.change.address} {', '.join(_values(one))}"


def _values(one: Look) -> Iterator[str]:
    for place in one.odd:
        if place == "/":
            yield "is gone" if one.found is None else "is there already"
        else:
            was = (one.change.before or {}).get(place)
            yield f"{shown(place)} was {was!r} and is {value_at(one.found, place)!r}"
