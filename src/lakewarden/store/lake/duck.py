"""DuckDB as every part uses it: bounded in memory, with a place to spill, nothing loaded."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

MEMORY: Final = "500MB"
_MACROS: Final = (
    "get_json_object(j, p) AS CASE WHEN json_valid(j) THEN json_extract_string(j, p) END",
    "regexp_like(s, p) AS regexp_matches(s, p)",
)
"""As Spark has them: text that is no JSON has nothing in it, a pattern may be found anywhere."""


@contextmanager
def open(  # noqa: A001  # read as `duck.open`
    *, memory: str = MEMORY, threads: int = 0, scratch: Path | None = None
) -> Iterator[DuckDBPyConnection]:
    """Open a database in memory that spills to a folder of its own, and take both away at the end.

    Args:
        memory: how much of it DuckDB may hold.
        threads: how many to use; 0 for one a core.
        scratch: where the folder for spilling is made; None for the system's place.
    """
    spill = tempfile.mkdtemp(prefix="lakewarden-", dir=scratch)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": spill,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads:
        settings["threads"] = threads
    try:
        with duckdb.connect(config=settings) as connection:
            for macro in _MACROS:
                connection.execute(f"CREATE MACRO {macro}")
            yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def text(value: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + value.replace('"', '""') + '"'


def texts(values: Iterable[str]) -> str:
    """Return texts as a list of SQL."""
    return "[" + ", ".join(text(value) for value in values) + "]"
