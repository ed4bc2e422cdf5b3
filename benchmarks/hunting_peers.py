"""Other scanners over a folder, run by the Python that has them; no part of the package.

    PYTHON hunting_peers.py detect-secrets|kingfisher FOLDER [MOST_BYTES]

Prints one JSON document: the bytes read, the CPU seconds that scanning took, those that loading
rules took, and the file and line of each finding.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Found = Callable[[Path], Iterator[int]]


def detect_secrets() -> Found:
    """Return what yields the lines of a file that detect-secrets finds something on."""
    from detect_secrets.core.scan import scan_file  # noqa: PLC0415  # in the peers' environment
    from detect_secrets.settings import default_settings  # noqa: PLC0415  # likewise

    def lines(path: Path) -> Iterator[int]:
        with default_settings():
            for secret in scan_file(str(path)):
                yield secret.line_number

    return lines


def kingfisher() -> Found:
    """Return what yields the lines of a file that Kingfisher finds something on."""
    from kingfisher_sdk import Rules, Scanner  # noqa: PLC0415  # in the peers' environment

    scanner = Scanner(Rules(cache=False))

    def lines(path: Path) -> Iterator[int]:
        scanner.reset_dedup()
        for finding in scanner.scan_file(path):
            if finding.visible:
                yield finding.location["line"]

    return lines


def main() -> int:
    """Scan a folder."""
    tool, folder = sys.argv[1], Path(sys.argv[2])
    most = int(sys.argv[3]) if len(sys.argv) > 3 else sys.maxsize  # noqa: PLR2004  # arguments
    began = time.process_time()
    found = {"detect-secrets": detect_secrets, "kingfisher": kingfisher}[tool]()
    loaded = time.process_time()
    size, hits = 0, []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if size >= most:
            break
        size += path.stat().st_size
        hits += [(path.relative_to(folder).as_posix(), line) for line in found(path)]
    done = time.process_time()
    print(json.dumps({"bytes": size, "load": loaded - began, "cpu": done - loaded, "hits": hits}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
