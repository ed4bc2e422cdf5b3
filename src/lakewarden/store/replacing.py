"""Files that are written at once or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def put_file(file: Path, content: bytes) -> None:
    """Write a file beside its place, and move it there: who reads it finds the old or the new one.

    Args:
        file: where to; its folder is made if it is not there.
        content: what it holds.

    Raises:
        OSError: it cannot be written; the old one is still there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_bytes(content)
        os.replace(new, file)  # noqa: PTH105  # one step, or none
    finally:
        new.unlink(missing_ok=True)
