"""Why a record is no event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TOO_LONG: Final = "is longer than 16 MB"
TOO_DEEP: Final = "is nested too deep"
NOT_UTF8: Final = "is not UTF-8"
NOT_JSON: Final = "is not JSON"
CUT: Final = "the file is cut or damaged here"

_HELD: Final = 200
"""So many refused records of a file are in memory."""


class OddError(Exception):
    """Why a record is refused."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is no event.

    Attributes:
        start: its first byte in the file.
        line: its line, or its number in the list of records.
        size: how many bytes it has.
        digest: SHA-256 of it.
        reason: why.
    """

    start: int
    line: int
    size: int
    digest: str
    reason: str


class Refusals:
    """The refused records of one file, of which all may be refused: few are held in memory."""

    def __init__(self, path: Path) -> None:
        """Begin with none; `path` is where those go that are not held."""
        self._path = path
        self._held: list[Refused] = []
        self._spilt = 0

    def append(self, record: Refused) -> None:
        """Add one."""
        self._held.append(record)
        if len(self._held) < _HELD:
            return
        with self._path.open("a" if self._spilt else "w") as file:
            file.writelines(f"{json.dumps(_parts(each))}\n" for each in self._held)
        self._spilt += len(self._held)
        self._held.clear()

    def __len__(self) -> int:
        return self._spilt + len(self._held)

    def __iter__(self) -> Iterator[Refused]:
        if self._spilt:
            with self._path.open() as file:
                yield from (Refused(*json.loads(line)) for line in file)
        yield from self._held


def _parts(record: Refused) -> tuple[int, int, int, str, str]:
    return record.start, record.line, record.size, record.digest, record.reason
