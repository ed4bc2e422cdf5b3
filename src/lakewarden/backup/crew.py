"""Workers that read items to their end, as the queue has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from lakewarden.backup.shared import Shared
from lakewarden.clients.failure import scrub
from lakewarden.errors import LakewardenError
from lakewarden.store.vault.queue import Item, State

_ROUND: Final = 2_000
"""Items that are handed out before the queue is looked at anew."""
_AHEAD: Final = 2
"""Items for each worker that are handed out ahead."""
_PAUSE: Final = 0.2

Read = Callable[[Item], Item]


def finish(shared: Shared, read: Read, item: Item) -> Item:
    """Read an item, keep and count what came of it; one that is odd is one that failed.

    Raises:
        LakewardenError: nothing more can be kept, or too much went wrong.
    """
    try:
        result = read(item)
    except LakewardenError:
        raise
    except Exception as error:  # noqa: BLE001  # an answer nobody foresaw is no answer
        what = scrub(f"malformed answer: {type(error).__name__}: {error}")
        result = replace(item, state=State.FAILED, error=what)
    shared.queue.put(result)
    shared.tally.end(shared.kinds[item.kind], item, result)
    return result


class Crew:
    """Workers for the items of one stage."""

    def __init__(
        self, shared: Shared, stage: str, read: Read, workers: int, ready: Container[str]
    ) -> None:
        """Take on workers.

        Args:
            shared: what all who work on the backup share.
            stage: of the items that they read.
            read: reads an item to its end.
            workers: how many there are.
            ready: kinds of which items may be read by now; there may be more later.
        """
        self._shared = shared
        self._stage = stage
        self._read = read
        self._workers = workers
        self._ready = ready
        self._places = threading.Semaphore(workers * _AHEAD)
        self._lock = threading.Lock()
        self._taken: set[tuple[str, str]] = set()
        self._finished: set[tuple[str, str]] = set()
        self._error: BaseException | None = None

    def run(self, last: threading.Event) -> None:
        """Read items until there are no more to come.

        Args:
            last: is set when nothing is added any more.

        Raises:
            LakewardenError: nothing more can be kept, or too much went wrong.
        """
        with ThreadPoolExecutor(self._workers, self._stage) as pool:
            while not self._shared.stop.is_set():
                ended = last.is_set()
                if not self._hand_out(pool) and ended and not self._taken:
                    break
                self._shared.stop.wait(_PAUSE)
        if self._error is not None:
            raise self._error

    def _hand_out(self, pool: ThreadPoolExecutor) -> int:
        """Hand out a round of items; return how many there were."""
        with self._lock:
            settled, self._finished = self._finished, set()
        self._shared.queue.settle()
        with self._lock:
            self._taken -= settled
        count = 0
        for item in self._shared.queue.items(state=State.OPEN, stage=self._stage):
            if count >= _ROUND or self._shared.stop.is_set():
                break
            if self._take(item):
                count += 1
                self._places.acquire()
                pool.submit(self._work, item)
        return count

    def _take(self, item: Item) -> bool:
        with self._lock:
            new = item.kind in self._ready and (item.kind, item.id) not in self._taken
            if new:
                self._taken.add((item.kind, item.id))
        return new

    def _work(self, item: Item) -> None:
        try:
            if not self._shared.stop.is_set():
                finish(self._shared, self._read, item)
        except BaseException as error:  # noqa: BLE001  # told to whoever runs the crew
            self._error = self._error or error
            self._shared.stop.set()
        finally:
            with self._lock:
                self._finished.add((item.kind, item.id))
            self._places.release()
