"""The findings of a run, kept on disk while they are counted and then reported."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from lakewarden.ledger.codec import from_json, to_json
from lakewarden.ledger.finding import Finding


class FindingSpool:
    """Holds any number of findings in constant memory; gone when closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lakewarden-")
        self._file = Path(self._folder.name) / "findings.jsonl.gz"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def fill(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Store each finding and hand it on."""
        with gzip.open(self._file, "wt", compresslevel=1, encoding="utf-8") as out:
            for finding in findings:
                out.write(json.dumps(to_json(finding), separators=(",", ":")))
                out.write("\n")
                yield finding

    def read(self) -> Iterator[Finding]:
        """Yield every finding, as often as asked."""
        with gzip.open(self._file, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield from_json(json.loads(line))
