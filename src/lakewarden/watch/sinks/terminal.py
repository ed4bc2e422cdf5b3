"""Alerts on a terminal, in words; on standard error, as standard output is for reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from lakewarden.watch.sinks.notice import Notice
from lakewarden.watch.sinks.sink import Means, Sink
from lakewarden.watch.sinks.story import story_of


class Terminal:
    """Writes stories to a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, notice: Notice) -> None:
        """Write one."""
        self._stream.write(f"{story_of(notice).text}\n")
        self._stream.flush()


def sink(_options: Mapping[str, Any], means: Means) -> Sink:
    """Return the terminal."""
    return Terminal(means.err)
