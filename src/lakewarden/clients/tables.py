"""What Spark and SQL warehouses have in common: small tables that come along with a query."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lakewarden.events.columns import Kind
from lakewarden.events.views import VIEWS

ADDRESSES: Final = "addresses"
"""The table of addresses that SQL cannot read: `raw`, and the parts of `events.address.Address`."""
SMALL: Final[Mapping[str, Mapping[str, Kind]]] = {
    ADDRESSES: dict.fromkeys(("raw", "text", "kind", "key"), Kind.TEXT),
    **VIEWS,
}
"""The columns of every small table."""
TYPES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "STRING",
    Kind.WHOLE: "BIGINT",
    Kind.TRUTH: "BOOLEAN",
    Kind.NUMBER: "DOUBLE",
    Kind.TEXTS: "MAP<STRING, STRING>",
}


def given(view: str) -> str:
    """Return the query of a small table whose rows are the parameter of the same name."""
    columns = ", ".join(f"{name}: {TYPES[kind]}" for name, kind in SMALL[view].items())
    return f"SELECT inline(from_json(:{view}, 'ARRAY<STRUCT<{columns}>>'))"


def parameter(view: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as the value of the parameter; a column that a row lacks is null."""
    return json.dumps([{name: row.get(name) for name in SMALL[view]} for row in rows])


def inlined(view: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the query of a small table with its rows in it: Delta's parser knows no parameters."""
    text = base64.b64encode(parameter(view, rows).encode()).decode()
    return given(view).replace(f":{view}", f"CAST(unbase64('{text}') AS STRING)", 1)
