"""`Detector`: the secrets of one document."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from lakewarden.hunt import checks, naming
from lakewarden.hunt.rule import Rule
from lakewarden.hunt.scanners import LONG, Hit, Scanner

_NAME: frozenset[int] = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
)
_NEWLINE = ord("\n")
_LONGEST_NAME = 120
_AROUND = 400
"""How many bytes before and after a secret its checks see."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret in a document. It never leaves this room.

    Attributes:
        rule: the rule that found it.
        start: its first byte.
        end: the byte behind it.
        secret: the secret itself.
    """

    rule: Rule
    start: int
    end: int
    secret: bytes


class Detector:
    """Finds secrets in documents, one after another."""

    def __init__(self, rules: Sequence[Rule], scanner: Scanner) -> None:
        """Take the rules and the scanner that was made of them."""
        self._rules = rules
        self._scanner = scanner
        self.engine = scanner.name

    def leaks(self, data: bytes, *, plain: bool = False, binary: bool = False) -> list[Leak]:
        """Return the secrets of a document by their place, each once, under its best rule.

        Args:
            data: the document.
            plain: it has settings and not code.
            binary: it has no text, so that only formats count.
        """
        hits = self._scanner.hits(data)
        if not hits:
            return []
        found: set[tuple[int, int, int]] = set()
        for number, start, end in _stretches(data, hits):
            rule = self._rules[number]
            if (binary and rule.generic) or (rule.settings and not plain):
                continue
            found.update((number, *span) for span in _matched(rule, data, start, end))
        return self._best(data, found)

    def _best(self, data: bytes, found: set[tuple[int, int, int]]) -> list[Leak]:
        """Return of those that overlap the first by rule, and of these the longest."""
        best: list[tuple[int, int, int]] = []
        order = sorted(found, key=lambda f: (self._rules[f[0]].generic, f[1] - f[2], f))
        for number, start, end in order:
            at = bisect(best, (start, end, number))
            before = at > 0 and best[at - 1][1] > start
            behind = at < len(best) and best[at][0] < end
            if not before and not behind:
                best.insert(at, (start, end, number))
        return [Leak(self._rules[n], start, end, data[start:end]) for start, end, n in best]


def _stretches(data: bytes, hits: Iterable[Hit]) -> Iterator[tuple[int, int, int]]:
    """Yield a rule and the text around a place of it: its line, or pieces of one that is long."""
    tried: set[tuple[int, int]] = set()
    start = end = -1
    for number, place in sorted(hits, key=itemgetter(1)):
        if place > end:
            start = data.rfind(b"\n", 0, place) + 1
            end = data.find(b"\n", place)
            end = len(data) if end < 0 else end
        for first, last in _pieces(start, end, place):
            if (number, first) not in tried:
                tried.add((number, first))
                yield number, first, last


def _pieces(start: int, end: int, place: int) -> Iterator[tuple[int, int]]:
    if end - start <= 2 * LONG:
        yield start, end
        return
    piece = max(0, (place - start) // LONG - 1)
    for first in (start + piece * LONG, start + (piece + 1) * LONG):
        if first <= place < first + 2 * LONG:
            yield first, min(end, first + 2 * LONG)


def _matched(rule: Rule, data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    text, at = data, 0
    if rule.ignore_case:
        at = max(0, start - 1)  # what stands before decides whether a word begins
        text = data[at : end + 1].lower()
    cut = end < len(data) and data[end] != _NEWLINE
    for match in _matches(rule, text, start - at, end - at):
        if cut and match.end() == end - at:
            continue  # it goes on in the next piece
        first, last = rule.secret(match)
        span = first + at, last + at
        found = checks.Found(
            secret=data[span[0] : span[1]].decode("utf-8", "replace"),
            name=_name(rule, match, data, start, at),
            around=data[max(start, span[0] - _AROUND) : min(end, span[1] + _AROUND)],
            start=min(_AROUND, span[0] - start),
        )
        if _holds(rule, found):
            yield span


def _matches(rule: Rule, text: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    """Yield the matches of a rule on a line, or in the lines that begin on it."""
    if not rule.block:
        yield from rule.pattern.finditer(text, start, end)
        return
    for begun in rule.beginning.finditer(text, start, end):
        match = rule.pattern.match(text, begun.start(), begun.start() + rule.block)
        if match:
            yield match


def _name(rule: Rule, match: re.Match[bytes], data: bytes, start: int, at: int) -> str:
    """Return the whole name that a secret is assigned to, with what stands before the match."""
    if not rule.name_group:
        return ""
    begin, end = match.start(rule.name_group) + at, match.end(rule.name_group) + at
    if rule.rest_group:
        end = match.end(rule.rest_group) + at
        first = max(start, begin - _LONGEST_NAME)
        while begin > first and data[begin - 1] in _NAME:
            begin -= 1
    name = data[begin:end].decode("utf-8", "replace")
    return f"{name} type" if data[begin - 2 : begin] == b"::" else name


def _holds(rule: Rule, found: checks.Found) -> bool:
    """Return whether what a pattern found is a secret."""
    if rule.entropy and checks.entropy(found.secret) < rule.entropy:
        return False
    if not rule.generic and not rule.block and naming.is_hollow(found.secret):
        return False
    if not all(checks.CHECKS[name](found) for name in rule.checks):
        return False
    return hashlib.sha256(found.secret.encode()).hexdigest() not in checks.PUBLIC
