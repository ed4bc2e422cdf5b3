"""A batch of files fetched into a folder, ready for DuckDB."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from lakewarden.errors import LakewardenError
from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, Origin, UnreadableError, unreadable
from lakewarden.store.lake import duck
from lakewarden.store.raw.forms import digest_of_trail
from lakewarden.store.raw.joining import Joiner, Spooled

_SMALL: Final = 1 << 20
"""Smaller files are joined."""
_SMALL_LINES: Final = 1 << 16
"""Where files are lines, those that are larger are read where they are."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder that is gone at the end.

    Raises:
        LakewardenError: files cannot be read from where it would be.
    """
    folder = tempfile.mkdtemp(prefix="lakewarden-")
    try:
        if not duck.readable(folder):
            raise LakewardenError(
                "has a backslash beside one of * ? [ in its path, or what is no UTF-8",
                where=ascii(folder),
                next_step="Name another folder with TMPDIR",
            )
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spool(batch: Iterable[Delivered], origin: Origin, source: Source, folder: Path) -> Spooled:
    """Make files ready to be read; `folder` is new, and is removed by `clear`.

    Raises:
        LakewardenError: there is no room for them.
    """
    folder.mkdir()
    spooled = Spooled(folder)
    with Joiner(folder, spooled) as joiner, ThreadPoolExecutor(origin.ahead) as pool:
        wanted = []
        for number, item in enumerate(batch):
            spooled.items[number] = item
            spooled.size += item.size
            if digest_of_trail(item.key, source):
                spooled.skipped += 1
            else:
                wanted.append((number, item))
        small = _SMALL_LINES if source is Source.DATABRICKS else _SMALL
        for number, fetched in _fetched(wanted, origin, folder, pool, small):
            try:
                content = fetched()
                if isinstance(content, Path):
                    joiner.large(number, content, source)
                else:
                    joiner.small(number, content, source)
            except (UnreadableError, OSError) as error:
                _insist_on_room(error, folder)
                item = spooled.items[number]
                spooled.unreadable.append((item, unreadable(item, error)))
    return spooled


def clear(spooled: Spooled) -> None:
    """Remove what was spooled."""
    shutil.rmtree(spooled.folder, ignore_errors=True)


def _fetched(
    wanted: list[tuple[int, Delivered]],
    origin: Origin,
    folder: Path,
    pool: Executor,
    small: int,
) -> Iterator[tuple[int, Callable[[], bytes | Path]]]:
    """Yield what returns the content of each file, or where it is; some are fetched ahead."""

    def fetch(number: int, item: Delivered) -> bytes | Path:
        if item.size < small:
            return origin.read(item)
        return Path(origin.place(item, str(folder / f"placed-{number}")))

    if origin.ahead == 1:
        yield from ((number, partial(fetch, number, item)) for number, item in wanted)
        return
    coming: deque[tuple[int, Future[bytes | Path]]] = deque()
    for number, item in wanted:
        coming.append((number, pool.submit(fetch, number, item)))
        if len(coming) > origin.ahead:
            first, future = coming.popleft()
            yield first, future.result
    yield from ((number, future.result) for number, future in coming)


def _insist_on_room(error: Exception, folder: Path) -> None:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        raise LakewardenError(
            "there is no room for what is read",
            where=str(folder),
            next_step="Make room, or name another folder with TMPDIR",
        ) from None
