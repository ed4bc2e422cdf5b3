"""A throttle per host and endpoint, so that reading a deployment never crowds its users out."""

from __future__ import annotations

import threading
import time
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Final

_BURST_SECONDS: Final = 1.0
"""How much unused allowance is kept, in seconds' worth."""


class Bucket:
    """A token bucket: `take` waits until the next request may go out."""

    def __init__(
        self,
        per_second: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = per_second
        self._room = max(1.0, per_second * _BURST_SECONDS)
        self._level = self._room
        self._now = now
        self._sleep = sleep
        self._seen = now()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Wait for one request's worth; return the seconds waited."""
        with self._lock:
            present = self._now()
            self._level = min(self._room, self._level + (present - self._seen) * self._rate)
            self._seen = present
            self._level -= 1
            wait = max(0.0, -self._level / self._rate)
        if wait:
            self._sleep(wait)
        return wait


class Throttle:
    """One bucket for each pattern of `limits.toml`, for one host."""

    def __init__(self) -> None:
        data = tomllib.loads(files(__package__).joinpath("limits.toml").read_text("utf-8"))
        self._buckets = [
            (entry["path"], Bucket(float(entry["per_second"]))) for entry in data["limits"]
        ]

    def take(self, path: str) -> float:
        """Wait until a request to `path` may go out; return the seconds waited."""
        for pattern, bucket in self._buckets:
            if fnmatchcase(path, pattern):
                return bucket.take()
        return 0.0
