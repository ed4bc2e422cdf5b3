"""Where in a document to look: by hyperscan in one pass, or by keywords with Python alone.

Both name a superset of the lines that a rule's pattern matches on; the pattern itself decides, so
that both find the same.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from lakewarden.hunt.rule import Rule

Hit = tuple[int, int]
"""The number of a rule, and a byte of the line that it may match on."""
LONG: Final = 8192
"""The most bytes of a secret with the name before it: longer lines are read in pieces of two."""


class Scanner(Protocol):
    """Names the places in a document where rules may match."""

    @property
    def name(self) -> str:
        """Return `hyperscan` or `python`."""
        ...

    def hits(self, data: bytes) -> list[Hit]:
        """Return the places of a document, in no particular order, some more than once."""
        ...


class Hyperscan:
    """All patterns at once, in one pass over the whole document."""

    name = "hyperscan"

    def __init__(self, rules: Sequence[Rule], cache: Path | None = None) -> None:
        """Compile the rules, or take what was compiled before.

        Args:
            rules: the rules.
            cache: a folder for what is compiled, made when it is not there.

        Raises:
            ImportError: hyperscan is not installed.
        """
        import hyperscan  # noqa: PLC0415  # an extra

        self._database = _database(hyperscan, rules, cache)
        self._scratch = hyperscan.Scratch(self._database)

    def hits(self, data: bytes) -> list[Hit]:
        """Return the places of a document."""
        found: list[Hit] = []
        add = found.append

        def hit(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((number, end - 1))

        self._database.scan(data, match_event_handler=hit, scratch=self._scratch)
        return found


def _database(hyperscan: Any, rules: Sequence[Rule], cache: Path | None) -> Any:
    """Return the compiled rules, from the cache if they are there."""
    texts = [f"{rule.ignore_case:d}{rule.trigger}" for rule in rules]
    version = f"{hyperscan.__version__} {platform.machine()}"
    digest = hashlib.sha256("\0".join([version, *texts]).encode()).hexdigest()
    file = cache / f"hunt-{digest[:32]}.hs" if cache else None
    if file:
        with suppress(OSError, hyperscan.error):
            return hyperscan.loadb(file.read_bytes(), hyperscan.HS_MODE_BLOCK)
    caseless = hyperscan.HS_FLAG_CASELESS
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[rule.trigger.encode() for rule in rules],
        ids=list(range(len(rules))),
        flags=[hyperscan.HS_FLAG_MULTILINE | caseless * rule.ignore_case for rule in rules],
    )
    if file:
        _keep(file, hyperscan.dumpb(database))
    return database


def _keep(file: Path, data: bytes) -> None:
    """Write a file of the cache in one step; a cache that cannot be written is done without."""
    new = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.write_bytes(data)
        new.replace(file)
    except OSError:
        with suppress(OSError):
            new.unlink()


class Keywords:
    """The words that no match lacks, looked for one after the other."""

    name = "python"

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Take the rules' words."""
        self._words: dict[bytes, list[int]] = {}
        self._patterns: list[tuple[int, Rule]] = []
        for number, rule in enumerate(rules):
            for word in rule.keywords:
                self._words.setdefault(word.encode(), []).append(number)
            if not rule.keywords:
                self._patterns.append((number, rule))

    def hits(self, data: bytes) -> list[Hit]:
        """Return the places of a document."""
        lowered = data.lower()
        found: list[Hit] = []
        for word, numbers in self._words.items():
            for place in _lines_with(lowered, word):
                found.extend((number, place) for number in numbers)
        for number, rule in self._patterns:
            text = lowered if rule.ignore_case else data
            found.extend((number, match.start(1)) for match in rule.pattern.finditer(text))
        return found


def _lines_with(data: bytes, word: bytes) -> Iterator[int]:
    """Yield where a word is, once a line unless the line is long."""
    place = data.find(word)
    while place >= 0:
        yield place
        end = data.find(b"\n", place)
        if end < 0 or end - place > LONG:
            end = place + len(word)
        place = data.find(word, end)


def scanner(rules: Sequence[Rule], cache: Path | None = None, *, plain: bool = False) -> Scanner:
    """Return the fastest scanner that there is.

    Args:
        rules: the rules.
        cache: a folder for what is compiled.
        plain: do with Python alone.
    """
    if not plain:
        try:
            return Hyperscan(rules, cache)
        except ImportError:
            pass
    return Keywords(rules)
