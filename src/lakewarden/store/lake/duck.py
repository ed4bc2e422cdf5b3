"""DuckDB as every part uses it: bounded in memory, with a place to spill, nothing loaded."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

MEMORY: Final = 500_000_000
"""So many bytes a database holds."""
_GLOB: Final = re.compile(r"[*?\[]")
_UNWRITABLE: Final = re.compile(r"[\ud800-\udfff]")
"""What stands for a byte that is no UTF-8."""
_INTERRUPTED: Final = "Query interrupted"
"""What DuckDB says when somebody interrupts the program, and says as an error."""
_MACROS: Final = (
    "get_json_object(j, p) AS CASE WHEN json_valid(j) THEN json_extract_string(j, p) END",
    "regexp_like(s, p) AS regexp_matches(s, p)",
)
"""As Spark has them: text that is no JSON has nothing in it, a pattern may be found anywhere."""


@contextmanager
def open(  # noqa: A001  # read as `duck.open`
    *, memory: str = f"{MEMORY}B", threads: int = 0, scratch: Path | None = None
) -> Iterator[DuckDBPyConnection]:
    """Open a database in memory that spills to a folder of its own, and take both away at the end.

    Args:
        memory: how much of it DuckDB may hold.
        threads: how many to use; 0 for one a core.
        scratch: where the folder for spilling is made; None for the system's place.

    Raises:
        KeyboardInterrupt: somebody interrupts a query.
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
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            for macro in _MACROS:
                connection.execute(f"CREATE MACRO {macro}")
            yield connection
    except RuntimeError as error:
        if str(error) == _INTERRUPTED:
            raise KeyboardInterrupt from None
        raise
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def text(value: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def files(paths: Iterable[str]) -> str:
    """Return paths as a list of SQL in which each is only itself, and never a pattern of others."""
    return texts(_GLOB.sub(r"[\g<0>]", path) for path in paths)


def readable(path: str) -> bool:
    """Return whether a path can be told: as UTF-8, and with no backslash where a pattern is.

    A pattern takes a backslash for the end of a folder.
    """
    return not _UNWRITABLE.search(path) and ("\\" not in path or not _GLOB.search(path))


def name(value: str) -> str:
    """Return a name as an identifier of SQL."""
    return '"' + value.replace('"', '""') + '"'


def texts(values: Iterable[str]) -> str:
    """Return texts as a list of SQL."""
    return "[" + ", ".join(text(value) for value in values) + "]"
