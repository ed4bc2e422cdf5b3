"""`Wish`: what a control wants of one thing; wishes about the same thing become one change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lakewarden.plan.change import Attributes, Change, Proof, Reason, Target

Edit = Callable[[Any], Any]
"""Makes the new value out of the one that is there, None for nothing; twice is as good as once."""


class ConflictError(Exception):
    """Two controls want different things of the same place."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a control wants of one thing.

    Attributes:
        target: the thing.
        name: what people call it.
        before: what the estate has, at every path of `edits`; None when the thing is not there.
        edits: a value, or an `Edit`, by path; None removes the thing.
        follows: things that must be changed first, if they are to be changed.
        irreversible: why it cannot be undone.
        permanent: the platform never lets anybody switch it off again.
        restart: what must be restarted before it counts.
        tier: the pricing tier that it needs.
        proofs: what was proved of a policy, given its new value.
        instead: what undoing leaves at paths where there is nothing, as no API gives back nothing.
    """

    target: Target
    name: str
    before: Attributes | None
    edits: Mapping[str, Any] | None
    follows: tuple[Target, ...] = ()
    irreversible: str = ""
    permanent: bool = False
    restart: str = ""
    tier: str = ""
    proofs: Callable[[Attributes], Iterable[Proof]] | None = None
    instead: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What no API can do, written down for a person.

    Attributes:
        do: what to do.
        verify: how it will be seen that it was done.
    """

    do: str
    verify: str


class CannotPlanError(Exception):
    """A failure cannot be mended before a person says something, or does it.

    Attributes:
        reason: what is missing, and where to say it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Gathering:
    """Wishes, folded into one change for each thing."""

    def __init__(self) -> None:
        self._changes: dict[str, Change] = {}
        self._provers: dict[str, list[Callable[[Attributes], Iterable[Proof]]]] = {}

    def add(self, wish: Wish, reason: Reason) -> None:
        """Fold a wish in.

        Raises:
            ConflictError: another control wants something else of the same place.
        """
        address = wish.target.address
        old = self._changes.get(address)
        made = _change(wish, reason) if old is None else _folded(old, wish, reason)
        self._changes[address] = made
        if wish.proofs is not None:
            self._provers.setdefault(address, []).append(wish.proofs)

    def changes(self) -> tuple[Change, ...]:
        """Return the changes that are more than what is there, with their proofs."""
        found = (change for change in self._changes.values() if change.before != change.after)
        return tuple(self._proved(change) for change in found)

    def _proved(self, change: Change) -> Change:
        provers = self._provers.get(change.address, ())
        proofs = {p.question: p for prove in provers for p in prove(change.after or {})}
        return replace(change, proofs=tuple(proofs.values()))


def _change(wish: Wish, reason: Reason) -> Change:
    before = wish.before
    return Change(
        wish.target,
        wish.name,
        None if before is None else dict(before),
        None if wish.edits is None else _edited(before or {}, wish.edits),
        (reason,),
        tuple(target.address for target in wish.follows),
        wish.irreversible,
        wish.permanent,
        wish.restart,
        wish.tier,
        instead=dict(wish.instead),
    )


def _folded(old: Change, wish: Wish, reason: Reason) -> Change:
    if (old.after is None) != (wish.edits is None) or (old.before is None) != (wish.before is None):
        raise ConflictError(f"{old.reasons[0].control} wants another fate for {old.address}")
    before = None if old.before is None else {**(wish.before or {}), **old.before}
    after = old.after
    if after is not None and wish.edits is not None:
        after = {**after, **_edited({**(wish.before or {}), **after}, wish.edits)}
        for place, value in wish.edits.items():
            mine = (old.after or {}).get(place, after[place])
            if not callable(value) and mine != value and mine != (old.before or {}).get(place):
                raise ConflictError(f"{old.reasons[0].control} wants {mine!r} at {place}")
    return replace(
        old,
        before=before,
        after=after,
        reasons=(*old.reasons, *(r for r in (reason,) if r not in old.reasons)),
        follows=tuple(dict.fromkeys([*old.follows, *(t.address for t in wish.follows)])),
        irreversible=old.irreversible or wish.irreversible,
        permanent=old.permanent or wish.permanent,
        restart=old.restart or wish.restart,
        tier=old.tier or wish.tier,
        instead={**wish.instead, **old.instead},
    )


def _edited(found: Attributes, edits: Mapping[str, Any]) -> dict[str, Any]:
    return {
        place: edit(found.get(place)) if callable(edit) else edit for place, edit in edits.items()
    }
