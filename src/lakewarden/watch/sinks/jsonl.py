"""Alerts as lines of JSON, in a file or on standard output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from lakewarden.store.appending import append_line
from lakewarden.store.home import expanded
from lakewarden.watch.sinks.forms import written
from lakewarden.watch.sinks.notice import Notice
from lakewarden.watch.sinks.sink import Means, Sink


class Lines:
    """Adds lines to a file."""

    def __init__(self, options: Mapping[str, Any], out: TextIO) -> None:
        self._options = options
        self._out = out

    def tell(self, notice: Notice) -> None:
        """Add one line."""
        line, file = written(notice, self._options), self._options["file"]
        if file == "-":
            self._out.write(f"{line}\n")
            self._out.flush()
        else:
            append_line(expanded(file), line)


def sink(options: Mapping[str, Any], means: Means) -> Sink:
    """Return the file, or standard output for `-`."""
    return Lines(options, means.out)
