"""The condition of a rule: names of selections joined by `and`, `or`, `not`, as Sigma has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from lakewarden.watch.sql import all_of, any_of, none_of

_TOKEN: Final = re.compile(r"\s*(?:(\()|(\))|([\w*]+))")
_WORDS: Final = frozenset({"and", "or", "not", "of", "them"})
_QUANTIFIERS: Final = frozenset({"1", "any", "all"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, read.

    Attributes:
        text: as it was written.
        names: the selections that it speaks of.
        denied: those of them that must not hold.
        render: makes SQL of it, from the SQL of each selection.
    """

    text: str
    names: frozenset[str]
    denied: frozenset[str]
    render: Callable[[Callable[[str], str]], str]


def read(text: str, selections: Collection[str]) -> Condition:
    """Read a condition.

    Args:
        text: the condition.
        selections: the names that it may use.

    Raises:
        ValueError: with what is wrong about it.
    """
    parser = _Parser(text, selections)
    render = parser.whole()
    return Condition(text, frozenset(parser.used), frozenset(parser.denied), render)


Render = Callable[[Callable[[str], str]], str]


class _Parser:
    """Recursive descent over the words of one condition."""

    def __init__(self, text: str, selections: Collection[str]) -> None:
        self._text = text
        self._selections = selections
        self._words = list(_words(text))
        self.used: set[str] = set()
        self.denied: set[str] = set()
        self._denying = False

    def whole(self) -> Render:
        render = self._either()
        if self._words:
            raise ValueError(f"{self._words[0]!r} is not expected in {self._text!r}")
        return render

    def _either(self) -> Render:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda sql: any_of(part(sql) for part in parts)

    def _both(self) -> Render:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda sql: all_of(part(sql) for part in parts)

    def _single(self) -> Render:
        if self._take("not"):
            self._denying = not self._denying
            inner = self._single()
            self._denying = not self._denying
            return lambda sql: none_of(inner(sql))
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise ValueError(f"a bracket is not closed in {self._text!r}")
            return inner
        if not self._words:
            raise ValueError(f"{self._text!r} ends too early")
        word = self._words.pop(0)
        if word in _QUANTIFIERS and self._take("of"):
            return self._several(all_of if word == "all" else any_of)
        if word not in self._selections or word in _WORDS:
            raise ValueError(f"{word!r} in {self._text!r} is no selection")
        self._use(word)
        return lambda sql: sql(word)

    def _several(self, join: Callable[[Iterator[str]], str]) -> Render:
        pattern = self._words.pop(0) if self._words else ""
        wanted = "*" if pattern == "them" else pattern
        names = [name for name in self._selections if fnmatchcase(name, wanted)]
        if not names:
            raise ValueError(f"no selection is called {pattern!r} in {self._text!r}")
        self._use(*names)
        return lambda sql: join(sql(name) for name in names)

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
