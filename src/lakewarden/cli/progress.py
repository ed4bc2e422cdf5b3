"""Progress on a terminal; silence in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lakewarden.collect.engine import Progress, Silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class _Bar:
    """A rich progress bar over collections."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._expected = 0

    def expect(self, count: int) -> None:
        self._expected += count
        self._bar.update(self._task, total=self._expected)

    def done(self, kind: str, scope: str, count: int) -> None:
        self._bar.update(self._task, advance=1, description=f"{scope} {kind}: {count}")


@contextmanager
def progress() -> Iterator[Progress]:
    """Show progress on standard error while collecting, when it is a terminal."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console  # noqa: PLC0415  # only on a terminal
    from rich.progress import Progress as Bar  # noqa: PLC0415  # likewise

    with Bar(console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, bar.add_task("opening", total=None))
