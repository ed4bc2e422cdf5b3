"""A shape: the keys of its records, how DuckDB reads them, and what each column is made of.

What is read goes into a table first, whose rows say by `~file`, `~line` and `~start` where they
come from. Addresses are read by `events.address`, since no SQL can; `select` joins the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lakewarden.events.columns import COLUMNS, Source
from lakewarden.store.lake.tables import DUCKDB, ROW

EARLIEST: Final = 946_684_800_000
"""The first millisecond of 2000: what is before is no time."""
LATEST: Final = 4_102_444_800_000
"""The first millisecond of 2100."""
PLACE: Final[Mapping[str, str]] = {"~file": "INTEGER", "~line": "BIGINT", "~start": "BIGINT"}
"""Where a row comes from: the number of its file; its line and first byte where they are known."""
MADE: Final[Mapping[str, str]] = {"~ts": "BIGINT", "~id": "VARCHAR"}
"""What is made of a row as it is read, since it is asked for more than once."""
ADDRESSES: Final = "addresses"
"""The table of the addresses: `raw`, and the parts of `events.address.Address`."""
NO_PARAMS: Final = "MAP {}::MAP(VARCHAR, VARCHAR)"

_UNIT, _RECORD, _GROUP = "chr(31)", "chr(30)", "chr(29)"


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One shape of records.

    Attributes:
        name: the table that its rows are read into.
        source: what they are events of.
        keys: what a record of it has, and none of another shape of the same source.
        columns: the keys that are read, with their types in DuckDB.
        at: SQL of the time in ms; null where there is none.
        sound: SQL of whether a record can be an event, beside its time.
        values: SQL of the columns of an event; those that are not named are null.
        src_ip: SQL of the text in the place of the address.
        dst_ip: likewise of the destination.
        context: what is joined to the rows, as SQL.
        maps: the keys that hold objects, which some deliver as text.
    """

    name: str
    source: Source
    keys: frozenset[str]
    columns: Mapping[str, str]
    at: str
    sound: str
    values: Mapping[str, str]
    src_ip: str
    dst_ip: str = "NULL"
    context: str = ""
    maps: frozenset[str] = field(default=frozenset())

    @property
    def time(self) -> str:
        """The time, and null for one that cannot be."""
        return f"CASE WHEN {self.at} >= {EARLIEST} AND {self.at} < {LATEST} THEN {self.at} END"


def made(shape: Shape, query: str) -> str:
    """Return the SELECT of what is in the table of a shape, from one of its keys and place."""
    timed = f'SELECT *, {shape.time} AS "~ts" FROM ({query}) timed'
    return f'SELECT *, {shape.values["id"]} AS "~id" FROM ({timed}) r'


def select(shape: Shape, row: str | None = None) -> str:
    """Return the SELECT of all columns of an event, in their order, from the table of a shape.

    Args:
        shape: whose table it is.
        row: SQL of the column `ROW`, which is the last; None for no such column.
    """
    values = {
        **shape.values,
        "id": '"~id"',
        "ts": '"~ts"',
        "src_ip": "a.text",
        "ip_kind": "coalesce(a.kind, 'none')",
        "ip_key": "a.key",
        "source": f"'{shape.source}'",
        "day": 'CAST(CAST(make_timestamp("~ts" * 1000) AS DATE) AS VARCHAR)',
    }
    joined = f" LEFT JOIN {ADDRESSES} a ON a.raw = src"
    if shape.dst_ip != "NULL":
        joined += f" LEFT JOIN {ADDRESSES} d ON d.raw = dst"
        values |= {"dst_ip": "d.text", "dst_kind": "coalesce(d.kind, 'none')", "dst_key": "d.key"}
    columns = ", ".join(
        f"CAST({values.get(column.name, 'NULL')} AS {DUCKDB[column.kind]}) AS {column.name}"
        for column in COLUMNS
    )
    inner = f"SELECT *, {shape.src_ip} AS src, {shape.dst_ip} AS dst"
    if row:
        columns, inner = f"{columns}, {ROW}", f"{inner}, {row} AS {ROW}"
    return f"SELECT {columns} FROM ({inner} FROM {shape.name}) r{joined}{shape.context}"


def text(expression: str) -> str:
    """Return SQL of a text, and null for an empty one."""
    return f"nullif({expression}, '')"


def digest(*parts: str) -> str:
    """Return SQL of what identifies an event: the same on every engine and in every shape."""
    listed = ", ".join(f"coalesce(CAST({part} AS VARCHAR), '')" for part in parts)
    return f"md5(concat_ws({_UNIT}, {listed}))"


def flat(params: str) -> str:
    """Return SQL of a map as one text that does not depend on the order of its keys."""
    return (
        f"array_to_string(list_sort(list_transform(map_entries({params}),"
        f" lambda e: e.key || {_RECORD} || e.value)), {_GROUP})"
    )


def entries(**values: str) -> str:
    """Return SQL of a list of entries of a map, without those that are null; `__` is a point."""
    listed = ", ".join(
        "{'key': '" + name.replace("__", ".") + f"', 'value': {value}}}"
        for name, value in values.items()
    )
    return f"list_filter([{listed}], lambda e: e.value IS NOT NULL AND e.value <> '')"


def prefixed(prefix: str, params: str) -> str:
    """Return SQL of the entries of a map under a prefix; null for no map."""
    return (
        f"list_transform(map_entries({params}),"
        f" lambda e: {{'key': '{prefix}' || e.key, 'value': e.value}})"
    )
