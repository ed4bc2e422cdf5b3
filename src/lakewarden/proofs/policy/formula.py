"""Formulas: what has to hold of a request, as tests of single variables under And and Or.

A test may be known only within bounds, where the documentation leaves room: then `tight` matches
certainly, and `loose` perhaps. A proof takes every perhaps for the worse, a witness for the better.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from lakewarden.proofs.words.language import Words
from lakewarden.proofs.words.ranges import Ranges


class Sort(StrEnum):
    """What the values of a variable are."""

    WORD = "word"
    NUMBER = "number"
    MOMENT = "moment"
    ADDRESS = "address"


class Reach(StrEnum):
    """How a test looks at the values of a variable.

    `VALUE`: it has one value, and that is in the set. `PRESENT`: it has a value.
    `SOME`: one of its values is in the set. `SOME_NOT`: one of its values is not.
    `SAME`: its value is that of another variable. `MAYBE`: nobody can say.
    """

    VALUE = "value"
    PRESENT = "present"
    SOME = "some"
    SOME_NOT = "some not"
    SAME = "same"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Atom:
    """A test of one variable.

    Attributes:
        variable: `action`, `principal`, `resource`, or a condition key in lower case.
        reach: how it looks at the values.
        sort: what the values are.
        tight: the values that match certainly.
        loose: the values that may match; None when they are the same.
        other: the other variable of SAME.
        reason: why nobody can say, of MAYBE or of a loose set.
    """

    variable: str
    reach: Reach
    sort: Sort = Sort.WORD
    tight: Words | Ranges | None = None
    loose: Words | Ranges | None = None
    other: str = ""
    reason: str = ""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "_hash", hash((self.variable, self.reach, self.tight, self.loose, self.other))
        )

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Lit:
    """An atom, or its contrary."""

    atom: Atom
    positive: bool = True


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; no part at all is true."""

    parts: tuple[Formula, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(("all", self.parts)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class One:
    """At least one part holds; no part at all is false."""

    parts: tuple[Formula, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(("one", self.parts)))

    def __hash__(self) -> int:
        return self._hash


Formula = Lit | All | One

TRUE = All(())
FALSE = One(())


def both(*parts: Formula) -> Formula:
    """Return what holds when all parts do, without what goes without saying."""
    flat: list[Formula] = []
    for part in parts:
        if part == FALSE:
            return FALSE
        flat += part.parts if isinstance(part, All) else (part,)
    return flat[0] if len(flat) == 1 else All(tuple(dict.fromkeys(flat)))


def either(*parts: Formula) -> Formula:
    """Return what holds when any part does."""
    flat: list[Formula] = []
    for part in parts:
        if part == TRUE:
            return TRUE
        flat += part.parts if isinstance(part, One) else (part,)
    return flat[0] if len(flat) == 1 else One(tuple(dict.fromkeys(flat)))


def contrary(formula: Formula) -> Formula:
    """Return what holds when a formula does not."""
    if isinstance(formula, Lit):
        return Lit(formula.atom, not formula.positive)
    parts = (contrary(part) for part in formula.parts)
    return either(*parts) if isinstance(formula, All) else both(*parts)


def implies(condition: Formula, conclusion: Formula) -> Formula:
    """Return what holds unless the condition does and the conclusion does not."""
    return either(contrary(condition), conclusion)


def is_in(variable: str, words: Words, *, loose: Words | None = None, reason: str = "") -> Lit:
    """Return the test that a variable has a value out of a set of words."""
    wide = None if loose == words else loose
    return Lit(Atom(variable, Reach.VALUE, tight=words, loose=wide, reason=reason))


def present(variable: str) -> Lit:
    """Return the test that a variable has a value."""
    return Lit(Atom(variable, Reach.PRESENT))


def absent(variable: str) -> Formula:
    """Return the test that a variable has no value."""
    return contrary(present(variable))


def atoms_of(formula: Formula) -> Iterator[Atom]:
    """Yield every atom of a formula."""
    if isinstance(formula, Lit):
        yield formula.atom
        return
    for part in formula.parts:
        yield from atoms_of(part)


def variables_of(formulas: Iterable[Formula]) -> frozenset[str]:
    """Return the variables that formulas are about."""
    return frozenset(
        name
        for formula in formulas
        for atom in atoms_of(formula)
        for name in (atom.variable, atom.other)
        if name
    )
