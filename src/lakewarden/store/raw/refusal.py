"""Why a record is no event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TOO_LONG: Final = "is longer than 16 MB"
TOO_DEEP: Final = "is nested too deep"
NOT_UTF8: Final = "is not UTF-8"
NOT_JSON: Final = "is not JSON"
CUT: Final = "the file is cut or damaged here"


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
