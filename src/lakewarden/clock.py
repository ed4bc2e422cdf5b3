"""Time and identity of runs, injectable so that every judgement can be repeated."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """A source of the present; `fixed` pins it for tests and for offline judging."""

    fixed: datetime | None = None

    def now(self) -> datetime:
        """Return the present as an aware UTC time."""
        return self.fixed or datetime.now(UTC)

    def run_id(self) -> str:
        """Return a new run identity: sortable by time, unique by 32 random bits."""
        return f"{self.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def now_ms() -> int:
    """Return the present, Unix time in ms."""
    return int(time.time() * 1000)


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time; one without an offset is taken as UTC.

    Raises:
        ValueError: the text is not an ISO 8601 date or time.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def from_millis(millis: int) -> datetime:
    """Read a Unix time in milliseconds, as Databricks writes it.

    Raises:
        ValueError: it lies outside the years 1 to 9999.
    """
    try:
        return datetime.fromtimestamp(millis / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{millis} ms is no time") from None
