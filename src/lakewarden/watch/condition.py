"""The condition of a rule: names of selections joined by `and`, `or`, `not`, as Sigma has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.watch.sql import all_of, any_of, none_of

_TOKEN: Final = re.compile(r"\s*(?:(\()|(\))|([\w*]+))")
_WORDS: Final = frozenset({"and", "or", "not", "of", "them"})
_QUANTIFIERS: Final = frozenset({"1", "any", "all"})


@dataclass(frozen=True, slots=True)
class _Logic:
    """What `and`, `or` and `not` make of the selections."""

    every: Callable[[list[Any]], Any]
    some: Callable[[list[Any]], Any]
    none: Callable[[Any], Any]


_Told = Callable[[Callable[[str], Any], _Logic], Any]
_SQL: Final = _Logic(all_of, any_of, none_of)
_SURE: Final = _Logic(
    lambda parts: False if False in parts else None if None in parts else True,
    lambda parts: True if True in parts else None if None in parts else False,
    lambda part: None if part is None else not part,
)
"""Of what is certainly so, certainly not, and None for what nobody knows."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, read.

    Attributes:
        text: as it was written.
        names: the selections that it speaks of.
        denied: those of them that must not hold.
        told: what it comes to, of what each selection does.
    """

    text: str
    names: frozenset[str]
    denied: frozenset[str]
    told: _Told

    def render(self, sql: Callable[[str], str]) -> str:
        """Return it as SQL, from the SQL of each selection."""
        return str(self.told(sql, _SQL))

    def holds(self, known: Callable[[str], bool | None]) -> bool | None:
        """Return whether it holds, from what is known of each selection; None for not known."""
        sure: bool | None = self.told(known, _SURE)
        return sure


def read(text: str, selections: Collection[str]) -> Condition:
    """Read a condition.

    Args:
        text: the condition.
        selections: the names that it may use.

    Raises:
        ValueError: with what is wrong about it.
    """
    parser = _Parser(text, selections)
    told = parser.whole()
    return Condition(text, frozenset(parser.used), frozenset(parser.denied), told)


class _Parser:
    """Recursive descent over the words of one condition."""

    def __init__(self, text: str, selections: Collection[str]) -> None:
        self._text = text
        self._selections = selections
        self._words = list(_words(text))
        self.used: set[str] = set()
        self.denied: set[str] = set()
        self._denying = False

    def whole(self) -> _Told:
        told = self._either()
        if self._words:
            raise ValueError(f"{self._words[0]!r} is not expected in {self._text!r}")
        return told

    def _either(self) -> _Told:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        if len(parts) == 1:
            return parts[0]
        return lambda leaf, logic: logic.some([part(leaf, logic) for part in parts])

    def _both(self) -> _Told:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        if len(parts) == 1:
            return parts[0]
        return lambda leaf, logic: logic.every([part(leaf, logic) for part in parts])

    def _single(self) -> _Told:
        if self._take("not"):
            self._denying = not self._denying
            inner = self._single()
            self._denying = not self._denying
            return lambda leaf, logic: logic.none(inner(leaf, logic))
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise ValueError(f"a bracket is not closed in {self._text!r}")
            return inner
        if not self._words:
            raise ValueError(f"{self._text!r} ends too early")
        word = self._words.pop(0)
        if word in _QUANTIFIERS and self._take("of"):
            return self._several(every=word == "all")
        if word not in self._selections or word in _WORDS:
            raise ValueError(f"{word!r} in {self._text!r} is no selection")
        self._use(word)
        return lambda leaf, _: leaf(word)

    def _several(self, *, every: bool) -> _Told:
        pattern = self._words.pop(0) if self._words else ""
        wanted = "*" if pattern == "them" else pattern
        names = [name for name in self._selections if fnmatchcase(name, wanted)]
        if not names:
            raise ValueError(f"no selection is called {pattern!r} in {self._text!r}")
        self._use(*names)
        if every:
            return lambda leaf, logic: logic.every([leaf(name) for name in names])
        return lambda leaf, logic: logic.some([leaf(name) for name in names])

    def _use(self, *names: str) -> None:
        self.used.update(names)
        if self._denying:
            self.denied.update(names)

    def _take(self, word: str) -> bool:
        if self._words and self._words[0].lower() == word:
            self._words.pop(0)
            return True
        return False


def _words(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"{text[at:].strip()[:20]!r} cannot be read in {text!r}")
        yield found[0].strip()
        at = found.end()
