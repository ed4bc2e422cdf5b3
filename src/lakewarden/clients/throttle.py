"""A throttle per host and family of endpoints: reading a deployment never crowds its users out."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from types import TracebackType
from typing import Any, Final, Self

from lakewarden.clients.adaptive import Rate, Window

WIDEST: Final = 64
"""How many requests to one host may be under way at once, unless less is asked for."""

Call = tuple[str, str]
"""A verb and a path."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast work goes.

    Attributes:
        per_second: requests a second of all families together, as measured.
        left: seconds that what is left will take; families go on side by side.
    """

    per_second: float
    left: float


@dataclass(frozen=True, slots=True)
class _Family:
    pattern: str
    verbs: frozenset[str]
    rate: Rate

    def has(self, verb: str, path: str) -> bool:
        return (not self.verbs or verb in self.verbs) and fnmatchcase(path, self.pattern)


class Throttle:
    """One rate for each entry of `limits.toml`, and one window, for one host."""

    def __init__(
        self,
        share: float = 1.0,
        widest: int = WIDEST,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin at the documented limits.

        Args:
            share: how much of each limit may be used; the rest is left to others.
            widest: how many requests may be under way at once.
            now: the time in seconds.
            sleep: waits for seconds.
        """
        data = tomllib.loads(files(__package__).joinpath("limits.toml").read_text("utf-8"))
        self._now = now
        self._window = Window(widest, now)
        self._families = [_family(entry, share, now, sleep) for entry in data["limits"]]

    def turn(self, verb: str, path: str) -> Turn:
        """Return the turn of one request: a context that waits when it is entered."""
        return Turn(self.rate(verb, path), self._window, self._now)

    def rate(self, verb: str, path: str) -> Rate:
        """Return the rate of the family that a call belongs to."""
        return next(family.rate for family in self._families if family.has(verb, path))

    def pace(self, left: Mapping[Call, int]) -> Pace:
        """Return how fast requests go, and how long those that are left will take.

        Args:
            left: how many calls of which kind are left.
        """
        calls: dict[int, int] = {}
        rates: dict[int, Rate] = {}
        for (verb, path), count in left.items():
            rate = self.rate(verb, path)
            rates[id(rate)] = rate
            calls[id(rate)] = calls.get(id(rate), 0) + count
        seconds = (calls[one] / _expected(rates[one]) for one in calls)
        measured = sum(family.rate.measured for family in self._families)
        return Pace(measured, max(seconds, default=0.0))


class Turn:
    """One request's turn.

    Attributes:
        waited: the seconds waited for it.
        sent: when it began, by the throttle's clock.
    """

    def __init__(self, rate: Rate, window: Window, now: Callable[[], float]) -> None:
        self._rate = rate
        self._window = window
        self._now = now
        self._hold: float | None = None
        self.waited = 0.0
        self.sent = 0.0

    def __enter__(self) -> Self:
        start = self._now()
        self._rate.take()
        self._window.enter()
        self.sent = self._now()
        self.waited = self.sent - start
        return self

    def refused(self, hold: float) -> None:
        """Note that the host refused the request because there are too many.

        Args:
            hold: seconds for which it wants no more of them.
        """
        self._hold = hold

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._hold is None:
            self._window.leave()
            self._rate.passed()
        else:
            self._window.refused(self.sent)
            self._rate.refused(self.sent, self._hold)


def _family(
    entry: Mapping[str, Any],
    share: float,
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> _Family:
    rate = Rate(float(entry["per_second"]) * share, now, sleep)
    return _Family(entry["path"], frozenset(entry.get("verbs", ())), rate)


def _expected(rate: Rate) -> float:
    """Return the requests a second to reckon with: as measured, or as allowed before that."""
    return min(rate.measured, rate.allowed) or rate.allowed
