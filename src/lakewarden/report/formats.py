"""The formats by the names that `--format` takes; each is loaded when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, TextIO

from lakewarden.report.view import Report

Writer = Callable[[Report, TextIO], None]


def _lazy(module: str) -> Writer:
    """Return the writer of a module that loads something heavy."""

    def write(report: Report, stream: TextIO) -> None:
        import_module(f"lakewarden.report.{module}").write(report, stream)

    return write


FORMATS: Final[Mapping[str, Writer]] = {
    "table": _lazy("table_format"),
    "json": _lazy("json_format"),
    "html": _lazy("html_format"),
}
