"""The workspace tree, folder by folder and many at once.

`workspace/list` gives what is directly in a folder, in one answer. A folder that cannot be listed
is never an empty one: the walk goes on, and says at its end what it could not see.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from lakewarden.backup.calls import LISTING, STATUS, Calls
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause

_THREADS: Final = 16
_FOLDER: Final = "DIRECTORY"
_NEEDED: Final = ("object_type", "path", "object_id")

_NOTHING: Final[Mapping[str, str]] = {}

Objects = list[Mapping[str, Any]]


class Walk:
    """One walk through the tree."""

    def __init__(
        self,
        calls: Calls,
        enters: Callable[[str], bool],
        found: Callable[[Objects], None],
        stop: threading.Event,
        inside: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Prepare to walk.

        Args:
            calls: reads the workspace.
            enters: whether to look into a folder.
            found: takes what is in one folder; threads call it side by side.
            stop: ends the walk early when it is set.
            inside: one of the paths that were in each folder before.
        """
        self._calls = calls
        self._enters = enters
        self._found = found
        self._stop = stop
        self._inside = inside
        self._failures: list[CallFailedError] = []
        self._error: BaseException | None = None
        self._waiting = 0
        self._idle = threading.Condition()

    def run(self) -> list[CallFailedError]:
        """Walk; return what could not be listed."""
        try:
            root = self._calls.get(LISTING, STATUS, {"path": "/"})
            self._found(_objects([root]))
        except CallFailedError as error:
            self._failures.append(error)
        with ThreadPoolExecutor(_THREADS, "walk") as pool:
            self._add(pool, ["/"])
            with self._idle:
                self._idle.wait_for(lambda: not self._waiting)
        if self._error is not None:
            raise self._error
        return self._failures

    def _add(self, pool: ThreadPoolExecutor, folders: Iterable[str]) -> None:
        for folder in folders:
            with self._idle:
                self._waiting += 1
            pool.submit(self._visit, pool, folder)

    def _visit(self, pool: ThreadPoolExecutor, folder: str) -> None:
        try:
            if not self._stop.is_set():
                objects = self._list(folder)
                self._found(objects)
                paths = [str(o["path"]) for o in objects if o.get("object_type") == _FOLDER]
                self._add(pool, [path for path in paths if path != folder and self._enters(path)])
        except CallFailedError as error:
            what = CallFailedError(error.cause, f"{folder}: {error.detail}", code=error.code)
            self._failures.append(what)
        except BaseException as error:  # noqa: BLE001  # told to whoever started the walk
            self._error = error
            self._stop.set()
        finally:
            with self._idle:
                self._waiting -= 1
                self._idle.notify_all()

    def _list(self, folder: str) -> Objects:
        try:
            objects = _objects(self._calls.folder(folder))
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND and self._calls.vanished(folder):
                return []
            raise
        if not objects and folder in self._inside:
            self._insist_gone(self._inside[folder])
        return objects

    def _insist_gone(self, path: str) -> None:
        """Refuse to believe that a folder is empty while something is there that was in it.

        Raises:
            CallFailedError: it is there, or nobody knows.
        """
        try:
            self._calls.get(LISTING, STATUS, {"path": path})
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND:
                return
            raise
        raise CallFailedError(Cause.MISSING_FIELD, f"no objects in the answer, and {path} is there")


def _objects(listed: Any) -> Objects:
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise CallFailedError(Cause.MALFORMED, "objects is not a list of objects")
    for name in _NEEDED:
        if any(name not in each for each in listed):
            raise CallFailedError(Cause.MISSING_FIELD, f"an object has no {name}")
    return listed
