"""The request log: one JSON line a call that reached the simulator, Databricks and AWS alike."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import IO, Any


class RequestLog:
    """Appends to a file; safe to share between threads. Without a path it keeps nothing."""

    def __init__(self, path: Path | str | None) -> None:
        self._lock = threading.Lock()
        self._file: IO[str] | None = None
        if path is not None:
            self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 - lives until close()

    def write(self, method: str, path: str, status: int, principal: str, **more: Any) -> None:
        """Record one call; ``principal`` is a name or an access key id, empty when unknown."""
        if self._file is None:
            return
        line = {"method": method, "path": path, "status": status, "principal": principal} | more
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; later calls are a mistake."""
        if self._file is not None:
            self._file.close()
