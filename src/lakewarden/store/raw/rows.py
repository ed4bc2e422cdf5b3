"""The SQL that reads a spooled file into the table of its shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import dumps
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.lake.shapes import vpcflow
from lakewarden.store.lake.shapes.shape import MADE, PLACE, Shape, made
from lakewarden.store.raw.content import LONGEST
from lakewarden.store.raw.forms import SHAPES, Layout
from lakewarden.store.raw.joining import Unit

_FILE: Final = 32 << 20
"""A joined file of records has one line a file, of at most so many bytes."""
_LEAST: Final = 1 << 20
"""A line may have so many bytes in any case."""
_AT_ONCE: Final = 1000
_NESTED: Final = ("STRUCT", "MAP")
_NAME: Final = "~name"
"""The column that has the path of a record's file."""


class OddTableError(duckdb.DataError):
    """A Parquet file has not the columns of any shape."""


def tables(connection: DuckDBPyConnection, source: Source) -> None:
    """Make the tables that records of a source are read into, empty."""
    for shape in SHAPES:
        if shape.source is source:
            columns = _listed({**shape.columns, **PLACE, **MADE}, " ")
            connection.execute(f"CREATE OR REPLACE TABLE {shape.name} ({columns})")
    connection.execute("CREATE OR REPLACE TABLE context (file INTEGER, region VARCHAR)")


def insert(connection: DuckDBPyConnection, units: Sequence[Unit], *, placed: bool = False) -> None:
    """Read files of one form into the table of their shape.

    Args:
        connection: where the table is.
        units: the files; several only of JSON.
        placed: whether their records are marked with their lines too.

    Raises:
        duckdb.Error: one is not as its form says; nothing is read then.
    """
    first = units[0]
    shape = first.form.shape or _of_parquet(connection, first)
    place = _place(units, placed=placed)
    if first.form.layout is Layout.LINES:
        query = _lines(units, shape, place)
    elif first.form.layout is Layout.RECORDS:
        query = _records(units, shape, place)
    elif first.form.layout is Layout.FIELDS:
        query = _fields(first, place, placed=placed)
    else:
        query = _parquet(connection, first, shape, place)
    connection.execute(f"INSERT INTO {shape.name} BY NAME {made(shape, query)}")


def rows(connection: DuckDBPyConnection, unit: Unit) -> Iterator[tuple[int, str]]:
    """Yield the rows of a Parquet file, each as JSON with its number.

    Raises:
        duckdb.Error: it is damaged, or has not the columns of any shape.
    """
    if unit.form.shape:  # its rows need not be JSON
        raise OddTableError
    _of_parquet(connection, unit)
    query = f"SELECT file_row_number + 1, to_json(r) FROM {_file(unit)} r"  # noqa: S608  # quoted
    with connection.cursor() as cursor:
        found = cursor.execute(query)
        while some := found.fetchmany(_AT_ONCE):
            yield from some


def longest(units: Iterable[Unit]) -> int:
    """Return how many bytes a line of a unit may have; a thread holds several times as many."""
    return max(
        min(max(unit.size, _LEAST), _FILE if unit.form.layout is Layout.RECORDS else LONGEST)
        for unit in units
    )


def _lines(units: Sequence[Unit], shape: Shape, place: str) -> str:
    names = ", ".join(duck.name(name) for name in shape.columns)
    return f"SELECT {names}, {place} FROM {_json(units, shape.columns)}"  # noqa: S608  # ours


def _records(units: Sequence[Unit], shape: Shape, place: str) -> str:
    columns = {"Records": f"STRUCT({_listed(shape.columns, ' ')})[]"}
    return f"SELECT unnest(Records, max_depth := 2), {place} FROM {_json(units, columns)}"  # noqa: S608  # ours


def _fields(unit: Unit, place: str, *, placed: bool) -> str:
    marks = [] if unit.own is not None else list(PLACE) if placed else ["~file"]
    columns = dict.fromkeys([*marks, *unit.form.fields], "VARCHAR")
    skipped = int(unit.own is not None and unit.form.headed)
    read = (
        f"read_csv({duck.files([str(unit.path)])}, delim = ' ', header = false, skip = {skipped},"
        f" quote = '', escape = '', comment = '', auto_detect = false, hive_partitioning = false,"
        f" columns = {{{_types(columns)}}})"
    )
    return vpcflow.reading(unit.form.fields, read, place)


def _parquet(connection: DuckDBPyConnection, unit: Unit, shape: Shape, place: str) -> str:
    read = _file(unit)
    given = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {read}").fetchall()}
    given.pop("file_row_number")
    if shape.source is Source.VPCFLOW:
        if vpcflow.TIMES.isdisjoint(given):
            raise OddTableError
        return vpcflow.reading(given, read, place)
    columns = ", ".join(
        f"{_cast(name, given.get(name), kind)} AS {duck.name(name)}"
        for name, kind in shape.columns.items()
    )
    return f"SELECT {columns}, {place} FROM {read}"  # noqa: S608  # names are quoted


def _cast(name: str, given: str | None, kind: str) -> str:
    """Return SQL of a column in the type that is wanted, by way of JSON where it is nested."""
    if given is None:
        return f"NULL::{kind}"
    if not kind.startswith(_NESTED):
        return f"CAST({duck.name(name)} AS VARCHAR)"
    text = given in {"VARCHAR", "JSON"}
    json = f"CAST(nullif({duck.name(name)}, '') AS JSON)" if text else f"to_json({duck.name(name)})"
    read = f"from_json({json}, {duck.text(dumps(kind))})"
    if not text and not given.endswith("[]"):
        return read
    return (
        f"CASE WHEN coalesce(json_type({json}), 'NULL') IN ('OBJECT', 'NULL') THEN {read}"
        f" ELSE error('{name} is no object') END"
    )


def _of_parquet(connection: DuckDBPyConnection, unit: Unit) -> Shape:
    given = {row[0] for row in connection.execute(f"DESCRIBE FROM {_file(unit)}").fetchall()}
    found = [shape for shape in SHAPES if shape.keys and shape.keys <= given]
    if not found:
        raise OddTableError
    return found[0]


def _file(unit: Unit) -> str:
    """Return SQL of a file; of an export what its path says belongs to the rows, as of no log."""
    return (
        f"read_parquet({duck.files([str(unit.path)])}, hive_partitioning = {not unit.form.shape},"
        " hive_types_autocast = false, file_row_number = true)"
    )


def _json(units: Sequence[Unit], columns: Mapping[str, str]) -> str:
    types = _types({**columns, **({} if units[0].own is not None else PLACE)})
    paths = [str(unit.path) for unit in units]
    named = f", filename = {duck.text(_NAME)}" if _numbered(units) else ""
    read = (
        f"read_json({duck.files(paths)}, format = 'newline_delimited',"
        f" compression = 'none', hive_partitioning = false, maximum_object_size = {longest(units)},"
        f" columns = {{{types}}}{named})"
    )
    if not named:
        return read
    numbers = ", ".join(str(unit.own) for unit in units)
    files = f"SELECT unnest({duck.texts(paths)}) AS path, unnest([{numbers}]) AS number"
    return f"{read} JOIN ({files}) AS files ON {duck.name(_NAME)} = files.path"


def _numbered(units: Sequence[Unit]) -> bool:
    """Return whether the number of a record's file is told by the file's name."""
    return units[0].own is not None and len(units) > 1


def _place(units: Sequence[Unit], *, placed: bool) -> str:
    if _numbered(units):
        return 'files.number AS "~file"'
    unit = units[0]
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
