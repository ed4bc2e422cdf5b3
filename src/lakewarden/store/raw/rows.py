"""The SQL that reads a spooled file into the table of its shape."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.lake.shapes import vpcflow
from lakewarden.store.lake.shapes.shape import PLACE, Shape
from lakewarden.store.raw.content import LONGEST
from lakewarden.store.raw.forms import SHAPES, Layout
from lakewarden.store.raw.joining import Unit

_FILE: Final = 32 << 20
"""A joined file of records has one line a file, of at most so many bytes."""
_NESTED: Final = ("STRUCT", "MAP")
_NAME: Final = "~name"
"""The column that has the path of a record's file."""


class OddTableError(duckdb.DataError):
    """A Parquet file has not the columns of any shape."""


def tables(connection: DuckDBPyConnection, source: Source) -> None:
    """Make the tables that records of a source are read into, empty."""
    for shape in SHAPES:
        if shape.source is source:
            columns = _listed({**shape.columns, **PLACE}, " ")
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {shape.name} ({columns})")
    connection.execute("CREATE OR REPLACE TEMP TABLE context (file INTEGER, region VARCHAR)")


def insert(connection: DuckDBPyConnection, unit: Unit, *, placed: bool = False) -> None:
    """Read a file into the table of its shape.

    Args:
        connection: where the table is.
        unit: the file.
        placed: whether its records are marked with their lines too.

    Raises:
        duckdb.Error: it is not as its form says; nothing is read then.
    """
    shape = unit.form.shape or _of_parquet(connection, unit)
    read = {
        Layout.LINES: _lines,
        Layout.RECORDS: _records,
        Layout.FIELDS: _fields,
        Layout.PARQUET: _parquet,
    }[unit.form.layout]
    query = read(connection, unit, shape, placed=placed)
    connection.execute(f"INSERT INTO {shape.name} BY NAME {query}")


def _lines(_: DuckDBPyConnection, unit: Unit, shape: Shape, *, placed: bool) -> str:
    names = ", ".join(duck.name(name) for name in shape.columns)
    return (
        f"SELECT {names}, {_place(unit, placed=placed)} FROM {_json(unit, shape.columns, LONGEST)}"  # noqa: S608  # ours
    )


def _records(_: DuckDBPyConnection, unit: Unit, shape: Shape, *, placed: bool) -> str:
    columns = {"Records": f"STRUCT({_listed(shape.columns, ' ')})[]"}
    place = _place(unit, placed=placed)
    return f"SELECT unnest(Records, max_depth := 2), {place} FROM {_json(unit, columns, _FILE)}"  # noqa: S608  # ours


def _fields(_: DuckDBPyConnection, unit: Unit, __: Shape, *, placed: bool) -> str:
    marks = [] if unit.own is not None else list(PLACE) if placed else ["~file"]
    columns = dict.fromkeys([*marks, *unit.form.fields], "VARCHAR")
    skipped = int(unit.own is not None and unit.form.headed)
    read = (
        f"read_csv({duck.text(str(unit.path))}, delim = ' ', header = false, skip = {skipped},"
        f" quote = '', escape = '', comment = '', auto_detect = false, hive_partitioning = false,"
        f" columns = {{{_types(columns)}}})"
    )
    return vpcflow.reading(unit.form.fields, read, _place(unit, placed=placed))


def _parquet(connection: DuckDBPyConnection, unit: Unit, shape: Shape, *, placed: bool) -> str:
    read = _file(unit)
    given = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {read}").fetchall()}
    place = _place(unit, placed=placed)
    given.pop("file_row_number")
    if shape.source is Source.VPCFLOW:
        if vpcflow.TIMES.isdisjoint(given):
            raise OddTableError
        return vpcflow.reading(given, read, place)
    columns = ", ".join(
        f"{_cast(name, given[name], kind)} AS {duck.name(name)}"
        for name, kind in shape.columns.items()
        if name in given
    )
    return f"SELECT {columns}, {place} FROM {read}"  # noqa: S608  # names are quoted


def _cast(name: str, given: str, kind: str) -> str:
    """Return SQL of a column in the type that is wanted, by way of JSON where it is nested."""
    if not kind.startswith(_NESTED):
        return f"CAST({duck.name(name)} AS VARCHAR)"
    text = given in {"VARCHAR", "JSON"}
    json = f"CAST(nullif({duck.name(name)}, '') AS JSON)" if text else f"to_json({duck.name(name)})"
    return f"from_json({json}, {duck.text(dumps(kind))})"


def _of_parquet(connection: DuckDBPyConnection, unit: Unit) -> Shape:
    given = {row[0] for row in connection.execute(f"DESCRIBE FROM {_file(unit)}").fetchall()}
    found = [shape for shape in SHAPES if shape.keys and shape.keys <= given]
    if not found:
        raise OddTableError
    return found[0]


def _file(unit: Unit) -> str:
    return (
        f"read_parquet({duck.text(str(unit.path))}, hive_partitioning = true,"
        " hive_types_autocast = false, file_row_number = true)"
    )


def _json(unit: Unit, columns: Mapping[str, str], longest: int) -> str:
    types = _types({**columns, **({} if unit.own is not None else PLACE)})
    paths = duck.texts(str(each.path) for each in unit.all)
    named = f", filename = {duck.text(_NAME)}" if _numbered(unit) else ""
    read = (
        f"read_json({paths}, format = 'newline_delimited',"
        f" compression = 'none', hive_partitioning = false, maximum_object_size = {longest},"
        f" columns = {{{types}}}{named})"
    )
    if not named:
        return read
    numbers = ", ".join(str(each.own) for each in unit.all)
    files = f"SELECT unnest({paths}) AS path, unnest([{numbers}]) AS number"
    return f"{read} JOIN ({files}) AS files ON {duck.name(_NAME)} = files.path"


def _numbered(unit: Unit) -> bool:
    """Return whether the number of a record's file is told by the file's name."""
    return unit.own is not None and bool(unit.others)


def _place(unit: Unit, *, placed: bool) -> str:
    if _numbered(unit):
        return 'files.number AS "~file"'
    if unit.own is not None:
        row = ', file_row_number + 1 AS "~line"' if unit.form.layout is Layout.PARQUET else ""
        return f'{unit.own} AS "~file"{row}'
    names = PLACE if placed else ["~file"]
    return ", ".join(
        f"CAST({duck.name(name)} AS {PLACE[name]}) AS {duck.name(name)}" for name in names
    )


def _types(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{duck.name(name)}: {duck.text(kind)}" for name, kind in columns.items())


def _listed(columns: Mapping[str, str], between: str) -> str:
    return ", ".join(f"{duck.name(name)}{between}{kind}" for name, kind in columns.items())
