"""Reads of one workspace, tried again where that may help."""

from __future__ import annotations

import functools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.estate.fact import Cause

CALLER: Final = "caller"
LISTING: Final = "listing"
DETAIL: Final = "detail"
CONTENT: Final = "content"
PERMISSIONS: Final = "permissions"
LIST: Final = "/api/2.0/workspace/list"
STATUS: Final = "/api/2.0/workspace/get-status"

TRIES: Final = 6
"""How often a call is made at most, where nobody says otherwise."""
_PAUSE: Final = 0.2
_LONGEST: Final = 20.0
"""Seconds after which there is no other try: the host was patient already."""
_PASSING: Final = frozenset(
    {Cause.SERVER_ERROR, Cause.TIMEOUT, Cause.UNREACHABLE, Cause.RATE_LIMITED}
)
"""Causes that may be gone a moment later."""


class Calls:
    """Reads one workspace, and counts what it asks. Threads may share it.

    Attributes:
        host: the workspace.
        made: how many calls were made, by what they were for.
    """

    def __init__(self, host: DatabricksHost, pause: float = _PAUSE, tries: int = TRIES) -> None:
        """Stand before a workspace.

        Args:
            host: the workspace.
            pause: seconds before the second try; each further one waits twice as long.
            tries: how often a call is made at most; searches are tried as often as in a backup.
        """
        self.host = host
        self.made: Counter[str] = Counter()
        self._pause = pause
        self._tries = tries
        self._lock = threading.Lock()

    def get(self, purpose: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read one answer as decoded JSON; the path may have parameters of its own.

        Raises:
            CallFailedError: it could not be read.
        """
        path, _, more = path.partition("?")
        asked = {**dict(parse_qsl(more)), **(query or {})}
        return self._patiently(purpose, lambda: self.host.get(path, asked), self._tries)

    def search(self, purpose: str, path: str, body: Mapping[str, Any]) -> Any:
        """Read the answer to a search, which is a POST that changes nothing.

        The host repeats no POST, so it is repeated here whoever asks.

        Raises:
            CallFailedError: it could not be read.
        """
        return self._patiently(purpose, lambda: self.host.send("POST", path, body), TRIES)

    def download(self, purpose: str, path: str, query: Mapping[str, Any]) -> bytes:
        """Read one answer as it is.

        Raises:
            CallFailedError: it could not be read.
        """
        return bytes(self._patiently(purpose, lambda: self.host.download(path, query), self._tries))

    def vanished(self, path: str) -> bool:
        """Return whether there is certainly no object at a path of the workspace tree any more.

        That it is not found may pass; its folder lists it no more, or is gone itself. The root
        never is.
        """
        if path == "/":
            return False
        folder = path.rpartition("/")[0] or "/"
        try:
            return path not in {str(each.get("path")) for each in self.folder(folder)}
        except CallFailedError as error:
            return folder != "/" and error.cause is Cause.NOT_FOUND and self.vanished(folder)

    def folder(self, path: str) -> list[Mapping[str, Any]]:
        """Return what is directly in a folder of the workspace tree; the root is never empty.

        Raises:
            CallFailedError: it cannot be listed.
        """
        get, asked = functools.partial(self.get, LISTING), {"path": path}
        found = list(items(get, LIST, "objects", Paging.ONCE, query=asked, trust_empty=True))
        if path == "/" and not found:
            raise CallFailedError(Cause.MISSING_FIELD, "no objects in the answer")
        return found

    def _patiently(self, purpose: str, call: Callable[[], Any], most: int) -> Any:
        since = time.monotonic()
        for tries in range(most):
            with self._lock:
                self.made[purpose] += 1
            try:
                return call()
            except CallFailedError as error:
                spent = tries + 1 == most or time.monotonic() - since > _LONGEST
                if spent or not _may_pass(error):
                    raise
            pause = self._pause * 2**tries
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # spreads, keeps no secret
        raise AssertionError


def _may_pass(error: CallFailedError) -> bool:
    cut = error.cause is Cause.MALFORMED and not error.code  # an answer that is not whole
    return cut or error.cause in _PASSING
