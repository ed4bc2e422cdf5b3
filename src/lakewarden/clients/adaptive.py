"""How much a host takes, found out by asking: additive increase, multiplicative decrease.

`Rate` is for one family of endpoints: requests a second. It starts at what is documented, and a
429 cuts it; from there it climbs back, and so it settles just below what the host really allows
while others use it too. `Window` is for the host as a whole: requests under way at once.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final

_BURST_SECONDS: Final = 1.0
"""How much unused allowance is kept, in seconds' worth."""
_CUT: Final = 0.7
"""What is left of a rate after a 429."""
_CLIMB: Final = 0.05
"""By how much of its ceiling a rate grows in a second."""
_LEAST: Final = 0.05
"""The share of its ceiling that a rate never falls below."""
_MEMORY: Final = 5.0
"""Seconds after which what was measured counts for a third."""
_NARROWEST: Final = 4
"""How many requests may always be under way at once."""


class Rate:
    """A token bucket whose rate follows what the host says. Safe to share between threads.

    Attributes:
        ceiling: requests a second that it never exceeds.
    """

    def __init__(
        self,
        ceiling: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.ceiling = ceiling
        self._rate = ceiling
        self._level = max(1.0, ceiling * _BURST_SECONDS)
        self._now = now
        self._sleep = sleep
        self._seen = self._born = now()
        self._held = self._cut = -math.inf
        self._passed, self._counted = 0.0, self._born
        self._queue = threading.Lock()
        self._lock = threading.Lock()

    @property
    def allowed(self) -> float:
        """Return the requests a second that may go out by now."""
        with self._lock:
            self._refill(self._now())
            return self._rate

    def take(self) -> float:
        """Wait until the next request may go out; return the seconds waited.

        Who waits stands in a queue, and only its head looks at the clock.
        """
        start = self._now()
        with self._queue:
            while wait := self._wait():
                self._sleep(wait)
        return self._now() - start

    def _wait(self) -> float:
        with self._lock:
            present = self._now()
            self._refill(present)
            if present < self._held:
                return self._held - present
            if self._level >= 1:
                self._level -= 1
                return 0.0
            return max((1 - self._level) / self._rate, 1e-6)

    def _refill(self, present: float) -> None:
        gone = max(0.0, present - max(self._seen, self._held))
        self._rate = min(self.ceiling, self._rate + gone * self.ceiling * _CLIMB)
        room = max(1.0, self._rate * _BURST_SECONDS)
        self._level = min(room, self._level + gone * self._rate)
        self._seen = present

    def refused(self, sent: float, hold: float) -> None:
        """Note a 429: go slower, and send nothing for a while.

        Those that were under way together are refused together, and count as one.

        Args:
            sent: when the request went out, by the clock of this rate.
            hold: seconds for which the host wants nothing of this family.
        """
        with self._lock:
            present = self._now()
            self._refill(present)
            self._held = max(self._held, present + hold)
            if sent >= self._cut:
                self._rate = max(self.ceiling * _LEAST, self._rate * _CUT)
                self._level = min(self._level, 0.0)
                self._cut = present

    def passed(self) -> None:
        """Note that the host took a request."""
        with self._lock:
            present = self._now()
            self._passed = self._measured(present) + 1 / _MEMORY
            self._counted = present

    @property
    def measured(self) -> float:
        """Return the requests a second that the host took in the last seconds."""
        with self._lock:
            present = self._now()
            known = 1 - math.exp(-max(present - self._born, 1e-3) / _MEMORY)
            return self._measured(present) / known

    def _measured(self, present: float) -> float:
        return self._passed * math.exp((self._counted - present) / _MEMORY)


class Window:
    """How many requests may be under way at once. Safe to share between threads."""

    def __init__(self, widest: int, now: Callable[[], float] = time.monotonic) -> None:
        self._widest = widest
        self._width = float(widest)
        self._busy = 0
        self._now = now
        self._cut = -math.inf
        self._free = threading.Condition()

    @property
    def width(self) -> int:
        """Return how many may be under way by now."""
        return int(self._width)

    def enter(self) -> None:
        """Wait for a place."""
        with self._free:
            while self._busy >= self.width:
                self._free.wait()
            self._busy += 1

    def leave(self) -> None:
        """Give the place back after an answer, and widen a little."""
        with self._free:
            self._width = min(self._widest, self._width + 1 / self._width)
            self._go()

    def refused(self, sent: float) -> None:
        """Give the place back after a 429, and narrow to half, once for all sent before."""
        with self._free:
            if sent >= self._cut:
                self._width = max(min(_NARROWEST, self._widest), self._width / 2)
                self._cut = self._now()
            self._go()

    def _go(self) -> None:
        self._busy -= 1
        self._free.notify_all()
