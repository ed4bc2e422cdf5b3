"""Writes of many threads, committed together: each waits for the disk, and few times is enough."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

Write = Callable[[Connection], object]


@dataclass(slots=True)
class _Waiting:
    write: Write
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class Together:
    """Commits what threads want to write. Whoever comes first writes for all that wait."""

    def __init__(self, engine: Engine) -> None:
        """Write to a database."""
        self._engine = engine
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def write(self, write: Write) -> None:
        """Write, and return when it is on disk for certain.

        Raises:
            SQLAlchemyError: it could not be written; nor was anything that was to be written with
                it.
        """
        mine = _Waiting(write)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if not mine.done.is_set():
                self._commit()
        if mine.error is not None:
            raise mine.error

    def _commit(self) -> None:
        with self._lock:
            some, self._waiting = self._waiting, []
        error: BaseException | None = None
        try:
            with self._engine.begin() as connection:
                for one in some:
                    one.write(connection)
        except BaseException as caught:  # noqa: BLE001  # each of those that wait raises it
            error = caught
        for one in some:
            one.error = error
            one.done.set()
