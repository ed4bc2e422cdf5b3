"""Carrying out a plan of many changes, several at once, with the guarantees of one at a time.

Each change is made when those that it follows are made, and those of earlier stages have ended. One
that fails takes with it those that follow it, and no others: the rest goes on until too many have
failed.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.run import Stepped, Steps, step
from lakewarden.errors import ApplyError
from lakewarden.plan.change import Change

AT_ONCE: Final = 32
"""How many changes are under way at once; the throttle of the host decides how fast they go."""

Watch = Callable[[Change, Stepped | str], None]
"""Told of every change: what it found and left, or why it was not made."""


@dataclass(slots=True)
class Outcome:
    """How a run of many changes ended.

    Attributes:
        made: how many changes are made, those made before included.
        failed: why others are not, by their addresses.
        stopped: too many failed, so that not all were tried.
    """

    made: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    stopped: bool = False


def carry_out_side_by_side(
    doors: Doors,
    changes: Sequence[Change],
    journal: Steps,
    *,
    most_errors: int,
    watch: Watch = lambda *_: None,
    at_once: int = AT_ONCE,
) -> Outcome:
    """Make changes, several at once, and go on where one fails.

    Args:
        doors: the open doors.
        changes: in an order in which they can be made.
        journal: written before and after each; threads share it.
        most_errors: how many may fail before the run stops.
        watch: told of every change, by one thread at a time.
        at_once: how many are under way at once.

    Raises:
        LakewardenError: the journal, or a door, failed; what was under way was ended first.
    """
    board = _Board(changes, most_errors, watch)
    threads = [
        threading.Thread(target=_work, args=(doors, board, journal, lane), name=f"apply-{number}")
        for number, lane in enumerate(_lanes(changes, at_once))
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        board.stop()
        for thread in threads:
            if thread.is_alive():
                thread.join()
        raise
    return board.end()


def _lanes(changes: Sequence[Change], at_once: int) -> list[str]:
    """Return for each thread what it works on: limits of calls are kept by their family."""
    lanes = sorted({_lane(change) for change in changes})
    count = max(1, at_once // max(1, len(lanes)))
    return [lane for lane in lanes for _ in range(count)]


def _lane(change: Change) -> str:
    return "acl" if change.target.kind.startswith("acl.") else "asset"


def _work(doors: Doors, board: _Board, journal: Steps, lane: str) -> None:
    while (number := board.next(lane)) is not None:
        try:
            _make(doors, board, journal, number)
        except BaseException as error:  # noqa: BLE001  # it is raised again where all threads end
            board.broke(error)


def _make(doors: Doors, board: _Board, journal: Steps, number: int) -> None:
    try:
        made = step(doors, number, board.changes[number], journal)
    except ApplyError as error:
        board.failed(number, error.what)
    else:
        board.done(number, made)


class _Board:
    """Which changes wait for which; threads share it."""

    def __init__(self, changes: Sequence[Change], most_errors: int, watch: Watch) -> None:
        self.changes = changes
        self._most = most_errors
        self._watch = watch
        self._outcome = Outcome()
        self._error: BaseException | None = None
        self._stopped = False
        self._broken = 0
        numbers = {change.address: number for number, change in enumerate(changes)}
        self._waits = [{numbers[a] for a in c.follows if a in numbers} for c in changes]
        self._followers: dict[int, list[int]] = defaultdict(list)
        for number, before in enumerate(self._waits):
            for one in before:
                self._followers[one].append(number)
        self._left = Counter(change.stage for change in changes)
        self._ready: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._moved = threading.Condition()
        for number, before in enumerate(self._waits):
            if not before:
                self._offer(number)

    def next(self, lane: str) -> int | None:
        """Return the number of the next change of a lane, None when there will be none."""
        with self._moved:
            while not self._stopped and (stage := min(+self._left, default=None)) is not None:
                if self._ready[lane] and self._ready[lane][0][0] <= stage:
                    return heapq.heappop(self._ready[lane])[1]
                self._moved.wait()
            return None

    def done(self, number: int, made: Stepped) -> None:
        """Note that a change is made."""
        with self._moved:
            self._outcome.made += 1
            self._left[self.changes[number].stage] -= 1
            for follower in self._followers[number]:
                self._waits[follower].discard(number)
                if not self._waits[follower]:
                    self._offer(follower)
            self._watch(self.changes[number], made)
            self._moved.notify_all()

    def failed(self, number: int, why: str) -> None:
        """Note that a change failed, and that those that follow it are not made."""
        with self._moved:
            self._give_up(number, why)
            self._broken += 1
            if self._broken > self._most:
                self._outcome.stopped = self._stopped = True
            self._moved.notify_all()

    def broke(self, error: BaseException) -> None:
        """Note that no further change can be made."""
        with self._moved:
            self._error = self._error or error
            self._stopped = True
            self._moved.notify_all()

    def stop(self) -> None:
        """Begin no further change."""
        with self._moved:
            self._stopped = True
            self._moved.notify_all()

    def end(self) -> Outcome:
        """Return how it ended.

        Raises:
            LakewardenError: something other than a change failed.
        """
        if self._error is not None:
            raise self._error
        return self._outcome

    def _offer(self, number: int) -> None:
        change = self.changes[number]
        heapq.heappush(self._ready[_lane(change)], (change.stage, number))

    def _give_up(self, number: int, why: str) -> None:
        reasons = [(number, why)]
        while reasons:
            one, reason = reasons.pop()
            change = self.changes[one]
            if change.address in self._outcome.failed:
                continue
            self._outcome.failed[change.address] = reason
            self._left[change.stage] -= 1
            self._watch(change, reason)
            said = f"it follows {change.address}, which failed"
            reasons += [(follower, said) for follower in self._followers[one]]
