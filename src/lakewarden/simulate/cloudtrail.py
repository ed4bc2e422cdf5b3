"""Delivered CloudTrail: what a trail would put into its bucket, written below a folder.

``<folder>/AWSLogs/<account>/CloudTrail/<region>/<yyyy>/<mm>/<dd>/<account>_CloudTrail_<region>_
<time>_<id>.json.gz``, each an object whose ``Records`` are events of one region and one day.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from lakewarden.simulate.state import Json

RECORDS_MOST = 200


class Trail:
    """Gathers records and writes a file of them when there are many, and the rest when told to.

    Safe to share between threads. Without a folder it keeps nothing. A file has its name once it is
    whole.
    """

    def __init__(self, folder: Path | str | None, *, most: int = RECORDS_MOST) -> None:
        self._folder = Path(folder) if folder is not None else None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._most = most
        self._waiting: defaultdict[tuple[str, str, str], list[Json]] = defaultdict(list)
        self._lock = threading.Lock()

    @property
    def delivers(self) -> bool:
        """Whether anything is written at all."""
        return self._folder is not None

    def write(self, record: Json) -> None:
        """Take a record; it reaches the disk with others of its account, region and day."""
        if self._folder is None:
            return
        where = record["recipientAccountId"], record["awsRegion"], record["eventTime"][:10]
        with self._lock:
            self._waiting[where].append(record)
            if len(self._waiting[where]) >= self._most:
                self._write(self._folder, where)

    def deliver(self) -> None:
        """Write what is waiting."""
        with self._lock:
            for where in list(self._waiting):
                if self._folder is not None:
                    self._write(self._folder, where)

    def _write(self, folder: Path, where: tuple[str, str, str]) -> None:
        account, region, day = where
        records = self._waiting.pop(where)
        content = gzip.compress(json.dumps({"Records": records}).encode(), mtime=0)
        last = datetime.fromisoformat(max(record["eventTime"] for record in records))
        key = hashlib.sha256(content).hexdigest()[:16]
        place = folder / "AWSLogs" / account / "CloudTrail" / region / day.replace("-", "/")
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{account}_CloudTrail_{region}_{last:%Y%m%dT%H%MZ}_{key}.json.gz"
        half = path.with_suffix(".part")
        half.write_bytes(content)
        half.replace(path)
