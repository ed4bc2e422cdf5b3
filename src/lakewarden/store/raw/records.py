"""One record at a time, where a file cannot be read as a whole: each is mended, or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.events.columns import Source
from lakewarden.store.lake.shapes.shape import PLACE, Shape
from lakewarden.store.raw.content import Piece, lines
from lakewarden.store.raw.forms import SHAPES, Form, Layout
from lakewarden.store.raw.lists import BYTES, JsonList
from lakewarden.store.raw.refusal import (
    CUT,
    NOT_JSON,
    NOT_UTF8,
    TOO_DEEP,
    TOO_LONG,
    OddError,
    Refused,
)

_BOM: Final = "\ufeff"
_LISTS: Final = ("Records", "records")
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Record:
    """A record that may be an event.

    Attributes:
        start: its first byte in the file.
        line: its line, or its number in the list of records.
        form: how it is read.
        data: the record, without the bracket at its beginning where it is JSON.
    """

    start: int
    line: int
    form: Form
    data: bytes


def records(parts: Iterable[bytes], form: Form, source: Source) -> Iterator[Record | Refused]:
    """Yield every record of a file that is not blank; `form` is what it looks like."""
    if source is Source.VPCFLOW:
        yield from _flows(parts, form)
        return
    if form.layout in {Layout.RECORDS, Layout.LIST}:
        yield from _elements(parts, source)
        return
    for piece in lines(parts):
        yield from _of_line(piece, source)


def of_rows(rows: Iterable[tuple[int, str]], source: Source) -> Iterator[Record | Refused]:
    """Yield every row of a table, which comes as JSON with its number."""
    for number, text in rows:
        data = text.encode()
        yield from _of_line(Piece(number, number, data, len(data)), source)


def _flows(parts: Iterable[bytes], form: Form) -> Iterator[Record | Refused]:
    plain = Form(Layout.FIELDS, form.shape, form.fields)
    for piece in lines(parts):
        try:
            text = _text(piece)
        except OddError as odd:
            yield _refused(piece, str(odd))
            continue
        values = tuple((text or "").split())
        if not values or (form.headed and values == form.fields):
            continue
        if len(values) == len(form.fields):
            yield Record(piece.start, piece.line, plain, " ".join(values).encode())
        else:
            yield _refused(piece, CUT if piece.cut else _misfit(form, len(values)))


def _misfit(form: Form, count: int) -> str:
    if form.layout is Layout.ODD:
        return "is in a file that does not begin with the names of its fields"
    return f"has {count} fields, and not {len(form.fields)}"


def _of_line(piece: Piece, source: Source) -> Iterator[Record | Refused]:
    try:
        text = _text(piece)
        if text is None:
            return
        try:
            value = _DECODER.decode(text)
        except RecursionError:
            yield _deep(piece, text, source)
            return
        except ValueError:
            raise OddError(CUT if piece.cut else NOT_JSON) from None
        for at, found in enumerate(_unwrapped(value), piece.start):  # a start for each of them
            own = text if found is value else json.dumps(found)
            yield _record(at, piece.line, found, own, source)
    except OddError as odd:
        yield _refused(piece, str(odd))
        return
    if piece.cut:
        yield Refused(piece.start + piece.size, piece.line, 0, _digest(b""), CUT)


def _text(piece: Piece) -> str | None:
    """Return a line as text; None for a blank one."""
    if piece.long:
        raise OddError(TOO_LONG)
    try:
        text = piece.data.decode().removeprefix(_BOM).strip()
    except UnicodeDecodeError:
        raise OddError(NOT_UTF8) from None
    if not text and piece.cut:
        raise OddError(CUT)
    return text or None


def _unwrapped(value: Any) -> list[Any]:
    """Return what stands in a list of records, in or beside an object; else the value itself."""
    if isinstance(value, dict):
        for name in _LISTS:
            if isinstance(value.get(name), list):
                return list(value[name])
    return [value]


def _record(start: int, line: int, value: Any, text: str, source: Source) -> Record | Refused:
    """Return what a value of JSON is, mended where the platform is known to deliver it oddly."""
    try:
        shape, mended = _mended(value, source)
    except OddError as odd:
        raw = text.encode()
        return Refused(start, line, len(raw), _digest(raw), str(odd))
    data = text[1:] if mended is value else written(mended)[1:]
    return Record(start, line, Form(Layout.LINES, shape), data.replace("\n", " ").encode())


def _mended(value: Any, source: Source) -> tuple[Shape, Mapping[str, Any]]:
    """Return the shape of a value, and the value with objects where it has them as text."""
    record = value
    if isinstance(value, dict) and "eventData" in value:
        record = _object(value["eventData"], "eventData")
    if not isinstance(record, dict):
        raise OddError("is no object")
    shape = _shape_of(record, source)
    odd = {name for name in shape.maps if not isinstance(record.get(name), dict | None)}
    if odd or not PLACE.keys().isdisjoint(record):
        record = {**record, **{name: _part(shape, name, record[name]) for name in odd}}
    return shape, record


def _part(shape: Shape, name: str, value: Any) -> Any:
    """Return the object that a value stands for; other parameters become one of them."""
    try:
        return _object(value, name)
    except OddError:
        if shape.columns[name].startswith("MAP"):
            return {"value": value}
        raise


def written(value: Mapping[str, Any]) -> str:
    """Return an object as one line of JSON that DuckDB takes: no lone surrogates, no marks."""
    plain = {name: part for name, part in value.items() if name not in PLACE}
    return json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace").decode()


def _shape_of(value: Mapping[str, Any], source: Source) -> Shape:
    shapes = [shape for shape in SHAPES if shape.source is source]
    best = max(shapes, key=lambda shape: sum(key in value for key in shape.keys))
    if best.keys.isdisjoint(value):
        raise OddError(f"is no event of {source}")
    return best


def _object(value: Any, name: str) -> Any:
    """Return an object that may be written as text, or as a list of entries."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value else None
        except (ValueError, RecursionError):
            raise OddError(f"has no object in {name}") from None
    if isinstance(value, list) and all(isinstance(e, dict) and "key" in e for e in value):
        return {str(entry["key"]): entry.get("value") for entry in value}
    if not isinstance(value, dict | None):
        raise OddError(f"has no object in {name}")
    return value


def _deep(piece: Piece, text: str, source: Source) -> Record | Refused:
    """Leave to DuckDB what is nested too deep for Python."""
    for shape in SHAPES:
        if shape.source is source and all(f'"{key}"' in text for key in shape.keys):
            return Record(piece.start, piece.line, Form(Layout.LINES, shape), text[1:].encode())
    return _refused(piece, TOO_DEEP)


def _elements(parts: Iterable[bytes], source: Source) -> Iterator[Record | Refused]:
    """Yield the records of the lists of a file, of which there is one as a rule."""
    reader = JsonList(parts)
    number = 1
    try:
        while reader.enter():
            while found := _element(reader, number, source):
                yield found
                number += 1
            reader.leave()
    except OddError as odd:
        yield reader.rest(number, str(odd))


def _element(reader: JsonList, number: int, source: Source) -> Record | Refused | None:
    """Return the next record of a list; None at its end.

    Raises:
        OddError: the file is cut.
    """
    try:
        found = reader.element()
    except OddError as odd:
        if str(odd) == CUT:
            raise
        return _odd(reader.odd(number), str(odd), source)
    return found and _of_element(number, *found, source)


def _odd(piece: Piece, reason: str, source: Source) -> Record | Refused:
    try:
        text = _text(piece) or ""
    except OddError as odd:
        return _refused(piece, str(odd))
    if reason == TOO_DEEP:
        return _deep(piece, text.replace("\n", " "), source)
    return _refused(piece, NOT_JSON)


def _of_element(number: int, start: int, text: str, value: Any, source: Source) -> Record | Refused:
    try:
        text.encode()
    except UnicodeEncodeError:
        raw = text.encode("utf-8", BYTES)
        return Refused(start, number, len(raw), _digest(raw), NOT_UTF8)
    return _record(start, number, value, text, source)


def _refused(piece: Piece, reason: str) -> Refused:
    return Refused(piece.start, piece.line, piece.size, piece.digest, reason)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
