"""`Detector`: the secrets of one document."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakewarden.hunt import checks, naming
from lakewarden.hunt.rule import Rule
from lakewarden.hunt.scanners import LONG, Scanner

_NAME: frozenset[int] = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
)
_NEWLINE = ord("\n")


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
        tried: set[tuple[int, int]] = set()
        found: set[tuple[int, int, int]] = set()
        for number, place in hits:
            rule = self._rules[number]
            if (binary and rule.generic) or (rule.settings and not plain):
                continue
            for start, end in _pieces(data, place, rule.block):
                if (number, start) not in tried:
                    tried.add((number, start))
                    spans = _matched(rule, data, start, end)
                    found.update((number, *span) for span in spans)
        return self._best(data, found)

    def _best(self, data: bytes, found: set[tuple[int, int, int]]) -> list[Leak]:
        """Return of those that overlap the first by rule, and of these the longest."""
        best: list[Leak] = []
        order = sorted(found, key=lambda f: (self._rules[f[0]].generic, f[1] - f[2], f))
        for number, start, end in order:
            if all(end <= leak.start or leak.end <= start for leak in best):
                best.append(Leak(self._rules[number], start, end, data[start:end]))
        return sorted(best, key=lambda leak: leak.start)


def _pieces(data: bytes, place: int, block: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of text around a place: its line, or pieces of one that is long."""
    start = data.rfind(b"\n", 0, place) + 1
    if block:
        yield start, min(len(data), start + block)
        return
    end = data.find(b"\n", place)
    end = len(data) if end < 0 else end
    if end - start <= 2 * LONG:
        yield start, end
        return
    first = max(0, (place - start) // LONG - 1)
    for number in (first, first + 1):
        begin = start + number * LONG
        if begin <= place < begin + 2 * LONG:
            yield begin, min(end, begin + 2 * LONG)


def _matched(rule: Rule, data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    text, at = data, 0
    if rule.ignore_case:
        at = max(0, start - 1)  # what stands before decides whether a word begins
        text = data[at : end + 1].lower()
    cut = end < len(data) and data[end] != _NEWLINE
    for match in rule.pattern.finditer(text, start - at, end - at):
        if cut and match.end() == end - at:
            continue  # it goes on in the next piece
        first, last = rule.secret(match)
        span = first + at, last + at
        found = checks.Found(
            secret=data[span[0] : span[1]].decode("utf-8", "replace"),
            name=_name(rule, match, data, start, at),
            around=data[start:end],
            start=span[0] - start,
        )
        if _holds(rule, found):
            yield span


def _name(rule: Rule, match: re.Match[bytes], data: bytes, start: int, at: int) -> str:
    """Return the whole name that a secret is assigned to, with what stands before the match."""
    if not rule.name_group:
        return ""
    begin, end = match.start(rule.name_group) + at, match.end(rule.name_group) + at
    if rule.rest_group:
        end = match.end(rule.rest_group) + at
        while begin > start and data[begin - 1] in _NAME:
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
