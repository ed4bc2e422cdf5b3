"""Patterns: characters in a row, some of them repeated, as policies write them with `*` and `?`.

A pattern is read from a policy by one of the readers below. Case may count or not; in an ARN each
of the first five fields is matched by itself, so that a star there does not run past a colon.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Chars:
    """A set of characters: those in `among`, or, when `negated`, all others."""

    among: frozenset[str]
    negated: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.among, self.negated)))

    def __hash__(self) -> int:
        return self._hash

    def __contains__(self, char: str) -> bool:
        return (char in self.among) is not self.negated


@dataclass(frozen=True, slots=True)
class Step:
    """One character out of a set, or, when `many`, any number of them, none included."""

    chars: Chars
    many: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.chars, self.many)))

    def __hash__(self) -> int:
        return self._hash


Pattern = tuple[Step, ...]

ANY: Final = Chars(frozenset(), negated=True)
NO_COLON: Final = Chars(frozenset(":"), negated=True)
DIGIT: Final = Chars(frozenset("0123456789"))
PATH: Final = Chars(
    frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-/")
)
"""What names and paths of IAM consist of."""
LETTERS: Final = Chars(frozenset("abcdefghijklmnopqrstuvwxyz"))
LABEL: Final = Chars(frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-"))
"""What names of buckets, regions and services consist of."""

_FIELDS: Final = 6
"""An ARN: arn, partition, service, region, account, resource."""


@functools.cache
def _one(char: str, *, case: bool) -> Step:
    return Step(Chars(frozenset((char,) if case else (char.lower(), char.upper()))))


@functools.lru_cache(maxsize=65536)
def literal(text: str, *, case: bool = True) -> Pattern:
    """Return the pattern of one text, in which nothing is a wildcard."""
    return tuple(_one(char, case=case) for char in text)


@functools.lru_cache(maxsize=65536)
def exact(text: str, *, case: bool = True) -> Pattern:
    """Return the pattern of one text, in which `${*}`, `${?}` and `${$}` stand for a character."""
    for char in "*?$":
        text = text.replace(f"${{{char}}}", char)
    return literal(text, case=case)


@functools.lru_cache(maxsize=65536)
def glob(text: str, *, case: bool = True, any_char: Chars = ANY) -> Pattern:
    """Return a pattern in which `*` is any text and `?` any character.

    `${*}`, `${?}` and `${$}` stand for these characters themselves.
    """
    steps: list[Step] = []
    place = 0
    while place < len(text):
        if text[place : place + 2] == "${" and text[place + 2 : place + 4] in {"*}", "?}", "$}"}:
            steps.append(_one(text[place + 2], case=case))
            place += 4
            continue
        char = text[place]
        place += 1
        if char == "*":
            star = Step(any_char, many=True)
            if not steps or steps[-1] != star:
                steps.append(star)
        else:
            steps.append(Step(any_char) if char == "?" else _one(char, case=case))
    return tuple(steps)


@functools.lru_cache(maxsize=65536)
def arn_glob(text: str) -> Pattern:
    """Return the pattern of an ARN whose six fields are matched one by one.

    A text that is no ARN is matched by itself; no ARN is equal to it.
    """
    fields = text.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS:
        return glob(text, any_char=NO_COLON)
    parts = [glob(field, any_char=NO_COLON) for field in fields[:-1]] + [glob(fields[-1])]
    return join(parts, literal(":"))


def segment_glob(text: str) -> Pattern:
    """Return a Resource pattern read narrowly: no star runs past a colon of its ARN's fields.

    A star that ends its field may do so in IAM's reading, which `glob` gives.
    """
    return glob(text) if text == "*" else arn_glob(text)


def join(parts: Iterable[Pattern], between: Pattern = ()) -> Pattern:
    """Return one pattern after the other, with another one between them."""
    pieces = list(itertools.chain.from_iterable((part, between) for part in parts))[:-1]
    return tuple(itertools.chain.from_iterable(pieces))


def some_of(chars: Chars) -> Pattern:
    """Return one or more characters out of a set."""
    return (Step(chars), Step(chars, many=True))


def text_of(pattern: Pattern) -> str | None:
    """Return the only text that a pattern matches; None when there are several."""
    if any(step.many or step.chars.negated or len(step.chars.among) != 1 for step in pattern):
        return None
    return "".join(next(iter(step.chars.among)) for step in pattern)
