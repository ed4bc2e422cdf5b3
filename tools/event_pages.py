"""The columns of the event tables, at the end of the page about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lakewarden.store.lake.tables import TABLES, Table

_MARK: Final = "<!-- made from code from here on -->\n"


def page(file: Path) -> str:
    """Return the page with its columns as they are now."""
    prose, mark, _ = file.read_text("utf-8").partition(_MARK)
    return prose + mark + "".join(text for table in TABLES.values() for text in _columns(table))


def _columns(table: Table) -> Iterator[str]:
    yield f"\n### {table.name}\n\n| column | type | |\n|---|---|---|\n"
    for column in table.columns:
        about = column.about.replace("|", r"\|")
        yield f"| `{column.name}` | {column.kind.value} | {about} |\n"
