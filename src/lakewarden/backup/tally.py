"""How far a backup is, and how much may go wrong before it stops."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.assets.kind import Kind
from lakewarden.backup.shaping import GONE, LEFT
from lakewarden.clients.throttle import Call
from lakewarden.errors import LakewardenError
from lakewarden.store.vault.queue import Item, State

CONTENT: Final[Mapping[str, Call]] = {
    "export": ("GET", "/api/2.0/workspace/export"),
    "secret": ("GET", "/api/2.0/secrets/get"),
}
"""The calls that read content; that in a field comes with the details."""
PERMISSIONS: Final = ("GET", "/api/2.0/permissions/")
_FEW: Final = 100
_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backup is.

    Attributes:
        found: objects that were listed so far.
        done: those that are read, or need not be.
        failed: those that could not be.
        per_second: requests a second, as measured.
        left: seconds that are left for what was listed so far.
    """

    found: int
    done: int
    failed: int
    per_second: float
    left: float


class Tally:
    """Counts while many threads work; it stops them when too much goes wrong."""

    def __init__(self, most: int | None = None) -> None:
        """Begin at nothing.

        Args:
            most: errors that are borne; without it 100, or 5 % of the objects where that is more.
        """
        self._most = most
        self._lock = threading.Lock()
        self.left: Counter[Call] = Counter()
        self.found = self.done = self.failed = 0

    def begin(self, kind: Kind, item: Item) -> None:
        """Count an item that was found, with the calls that it will take.

        Raises:
            LakewardenError: too many could not be read.
        """
        with self._lock:
            self.found += 1
            if item.state is State.OPEN:
                self.left.update(calls_for(kind, item))
            else:
                self._count(item)

    def end(self, kind: Kind, item: Item, result: Item) -> None:
        """Count an item that is finished.

        Raises:
            LakewardenError: too many could not be read.
        """
        with self._lock:
            self.left.subtract(calls_for(kind, item))
            self._count(result)

    def _count(self, item: Item) -> None:
        self.done += 1
        if not item.error or item.stage in {GONE, LEFT}:
            return
        self.failed += 1
        if self.failed > self.borne:
            raise LakewardenError(
                f"{self.failed} objects could not be read as a whole; the last one: "
                f"{item.kind} {item.key or item.id}: {item.error}",
                next_step="What was read is kept: mend the cause and run the same command "
                "again, or allow more with --max-errors",
            )

    @property
    def borne(self) -> float:
        """Return how many errors are borne by now."""
        return max(_FEW, self.found * _SHARE) if self._most is None else self._most


def calls_for(kind: Kind, item: Item) -> Counter[Call]:
    """Return the calls that it takes to read what an item lacks."""
    needed: Counter[Call] = Counter()
    if kind.acl and item.acl is None:
        needed[PERMISSIONS] += 1
    if kind.content is not None and kind.content.source in CONTENT and item.content is None:
        needed[CONTENT[kind.content.source]] += 1
    if kind.detail and item.spec is None:
        needed["GET", kind.detail.partition("?")[0]] += 1
    return needed
