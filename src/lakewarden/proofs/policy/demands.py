"""What is demanded of one variable, and the simplest value that meets it all.

A value is None for a key that is absent, a tuple of texts otherwise: one text for most keys, any
number of them for keys with several values.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from lakewarden.proofs.policy.formula import Sort
from lakewarden.proofs.words.language import TooHardError, Words, shortest
from lakewarden.proofs.words.pattern import ANY, some_of
from lakewarden.proofs.words.ranges import (
    Ranges,
    address,
    address_text,
    between,
    moment_text,
    number_text,
)

Value = tuple[str, ...] | None
SOMETHING: Final = Words((some_of(ANY),))


class Ask(StrEnum):
    """What a demand is."""

    PRESENT = "present"
    ABSENT = "absent"
    IN = "in"
    OUT = "out"
    SOME_IN = "some in"
    SOME_OUT = "some out"
    ALL_IN = "all in"
    ALL_OUT = "all out"


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand; `of` is the set that it speaks of."""

    ask: Ask
    sort: Sort = Sort.WORD
    of: Words | Ranges | None = None


Demands = frozenset[Demand]


@functools.lru_cache(maxsize=65536)
def value_for(demands: Demands) -> tuple[Value] | None:
    """Return the simplest value that meets all demands, in a tuple of one; None when none does.

    Raises:
        TooHardError: the search went beyond its budget, or one key is used as two sorts of value.
    """
    asks = {demand.ask for demand in demands}
    if not asks & {Ask.PRESENT, Ask.IN, Ask.SOME_IN, Ask.SOME_OUT}:
        return (None,)
    if Ask.ABSENT in asks:
        return None
    sort = _sort(demands)
    inside = [d.of for d in demands if d.of is not None and d.ask in {Ask.IN, Ask.ALL_IN}]
    outside = [d.of for d in demands if d.of is not None and d.ask in {Ask.OUT, Ask.ALL_OUT}]
    wanted = [d for d in demands if d.ask in {Ask.SOME_IN, Ask.SOME_OUT}]
    if not wanted:
        found = _one(sort, inside, outside)
        return None if found is None else ((found,),)
    return _several(sort, inside, outside, wanted)


def _several(
    sort: Sort,
    inside: list[Words | Ranges],
    outside: list[Words | Ranges],
    wanted: Iterable[Demand],
) -> tuple[Value] | None:
    values: list[str] = []
    for demand in wanted:
        assert demand.of is not None  # noqa: S101  # every demand for some value names a set
        more_in = [demand.of] if demand.ask is Ask.SOME_IN else []
        more_out = [demand.of] if demand.ask is Ask.SOME_OUT else []
        found = _one(sort, [*inside, *more_in], [*outside, *more_out])
        if found is None:
            return None
        values.append(found)
    return (tuple(sorted(set(values))),)


def _sort(demands: Demands) -> Sort:
    sorts = {demand.sort for demand in demands if demand.of is not None}
    if len(sorts) > 1:
        raise TooHardError(f"one key is compared as {' and as '.join(sorted(sorts))}")
    return next(iter(sorts), Sort.WORD)


def _one(sort: Sort, inside: list[Words | Ranges], outside: list[Words | Ranges]) -> str | None:
    if sort is Sort.WORD:
        words = frozenset(one for one in inside if isinstance(one, Words))
        others = frozenset(one for one in outside if isinstance(one, Words))
        word = shortest(words or frozenset({SOMETHING}), others)
        # A key may be there and empty, as `s3:prefix` is; that is the last thing to try.
        may_be_empty = word is None and not words and not any("" in one for one in others)
        return "" if may_be_empty else word
    within = [one for one in inside if isinstance(one, Ranges)]
    without = [one for one in outside if isinstance(one, Ranges)]
    found: Fraction | None
    if sort is Sort.ADDRESS:
        found = address(within, without)
        return None if found is None else address_text(found)
    found = between(within, without)
    if found is None:
        return None
    return number_text(found) if sort is Sort.NUMBER else moment_text(found)
