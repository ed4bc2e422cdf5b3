"""One record at a time, where a file cannot be read as a whole: each is mended, or refused."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from lakewarden.events.columns import Source
from lakewarden.store.lake.shapes.shape import Shape
from lakewarden.store.raw.content import LONGEST, CutError, Piece, lines
from lakewarden.store.raw.forms import SHAPES, Form, Layout

_BOM: Final = "\ufeff"
_LISTS: Final = ("Records", "records")
_DECODER: Final = json.JSONDecoder()
TOO_LONG: Final = "is longer than 16 MB"
NOT_JSON: Final = "is not JSON"
NOT_UTF8: Final = "is not UTF-8"
TOO_DEEP: Final = "is nested too deep"
_BYTES: Final = "surrogateescape"
_BETWEEN: Final = frozenset(" \t\r\n,")
CUT: Final = "the file is cut or damaged here"


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is no event.

    Attributes:
        start: its first byte in the file.
        line: its line, or its number in the list of records.
        size: how many bytes it has.
        digest: SHA-256 of it.
        reason: why.
    """

    start: int
    line: int
    size: int
    digest: str
    reason: str


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


class _OddError(Exception):
    """Why a record is refused."""


def records(parts: Iterable[bytes], form: Form, source: Source) -> Iterator[Record | Refused]:
    """Yield every record of a file that is not blank; `form` is what it looks like."""
    if source is Source.VPCFLOW:
        yield from _flows(parts, form)
        return
    head, parts = _peeked(parts)
    if form.layout is Layout.RECORDS or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        yield from _elements(parts, source)
        return
    for piece in lines(parts):
        yield from _of_line(piece, source)


def _peeked(parts: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    iterator = iter(parts)
    try:
        first = next(iterator, b"")
    except CutError:
        return b"", _cut()
    return first, _again(first, iterator)


def _cut() -> Iterator[bytes]:
    raise CutError
    yield b""


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _flows(parts: Iterable[bytes], form: Form) -> Iterator[Record | Refused]:
    plain = Form(Layout.FIELDS, form.shape, form.fields)
    for piece in lines(parts):
        if piece.line == 1 and form.headed:
            continue
        try:
            text = _text(piece)
        except _OddError as odd:
            yield _refused(piece, str(odd))
            continue
        values = (text or "").split()
        if text is None:
            continue
        if len(values) == len(form.fields):
            yield Record(piece.start, piece.line, plain, " ".join(values).encode())
        else:
            reason = f"has {len(values)} fields, and not {len(form.fields)}"
            yield _refused(piece, CUT if piece.cut else reason)


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
            raise _OddError(CUT if piece.cut else NOT_JSON) from None
        for at, found in enumerate(_unwrapped(value), piece.start):  # a start for each of them
            own = text if found is value else json.dumps(found)
            yield _record(at, piece.line, found, own, source)
    except _OddError as odd:
        yield _refused(piece, str(odd))
        return
    if piece.cut:
        yield Refused(piece.start + piece.size, piece.line, 0, _digest(b""), CUT)


def _text(piece: Piece) -> str | None:
    """Return a line as text; None for a blank one."""
    if not piece.whole:
        raise _OddError(TOO_LONG)
    try:
        text = piece.data.decode().removeprefix(_BOM).strip()
    except UnicodeDecodeError:
        raise _OddError(NOT_UTF8) from None
    if not text and piece.cut:
        raise _OddError(CUT)
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
    except _OddError as odd:
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
        raise _OddError("is no object")
    shape = _shape_of(record, source)
    odd = {name for name in shape.maps if not isinstance(record.get(name), dict | None)}
    if odd or any(name.startswith("~") for name in record):
        record = {**record, **{name: _part(shape, name, record[name]) for name in odd}}
    return shape, record


def _part(shape: Shape, name: str, value: Any) -> Any:
    """Return the object that a value stands for; other parameters become one of them."""
    try:
        return _object(value, name)
    except _OddError:
        if shape.columns[name].startswith("MAP"):
            return {"value": value}
        raise


def written(value: Mapping[str, Any]) -> str:
    """Return an object as one line of JSON that DuckDB takes: no lone surrogates, no marks."""
    plain = {name: part for name, part in value.items() if not name.startswith("~")}
    return json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace").decode()


def _shape_of(value: Mapping[str, Any], source: Source) -> Shape:
    shapes = [shape for shape in SHAPES if shape.source is source and shape.keys & value.keys()]
    if not shapes:
        raise _OddError(f"is no event of {source}")
    return max(shapes, key=lambda shape: len(shape.keys & value.keys()))


def _object(value: Any, name: str) -> Any:
    """Return an object that may be written as text, or as a list of entries."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value else None
        except (ValueError, RecursionError):
            raise _OddError(f"has no object in {name}") from None
    if isinstance(value, list) and all(isinstance(e, dict) and "key" in e for e in value):
        return {str(entry["key"]): entry.get("value") for entry in value}
    if not isinstance(value, dict | None):
        raise _OddError(f"has no object in {name}")
    return value


def _deep(piece: Piece, text: str, source: Source) -> Record | Refused:
    """Leave to DuckDB what is nested too deep for Python."""
    for shape in SHAPES:
        if shape.source is source and all(f'"{key}"' in text for key in shape.keys):
            return Record(piece.start, piece.line, Form(Layout.LINES, shape), text[1:].encode())
    return _refused(piece, TOO_DEEP)


def _elements(parts: Iterable[bytes], source: Source) -> Iterator[Record | Refused]:
    """Yield the records of a list, however large the file is; memory holds some of them."""
    reader = _List(parts)
    if not reader.enter():
        yield reader.rest(1, NOT_JSON)
        return
    for number in count(1):
        try:
            found = reader.element()
        except _OddError as odd:
            yield reader.rest(number, str(odd))
            return
        if found is None:
            return
        start, text, value = found
        try:
            text.encode()
        except UnicodeEncodeError:
            raw = text.encode("utf-8", _BYTES)
            yield Refused(start, number, len(raw), _digest(raw), NOT_UTF8)
        else:
            yield _record(start, number, value, text, source)


class _List:
    """A list of JSON that is read from pieces of a file."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._decoder = codecs.getincrementaldecoder("utf-8")(_BYTES)
        self._text = ""
        self._at = 0
        self._start = 0
        self._ended = False
        self._cut = False

    def enter(self) -> bool:
        """Go to behind the bracket of the list; say whether there is one."""
        self._more()
        while True:
            at = self._text.find("[")
            if at >= 0:
                self._pass(at + 1)
                return True
            if len(self._text) > LONGEST or not self._more():
                return False

    def element(self) -> tuple[int, str, Any] | None:
        """Return the first byte, the text and the value of the next element; None at the end.

        Raises:
            _OddError: there is no telling where it ends.
        """
        self._skip()
        if self._text.startswith("]", self._at):
            return None
        while True:
            left = len(self._text) - self._at
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise _OddError(TOO_DEEP) from None
            except ValueError:
                if left > LONGEST:
                    raise _OddError(TOO_LONG) from None
                if not self._more(max(left, 1)):
                    raise _OddError(CUT if self._cut or not left else NOT_JSON) from None
                continue
            start, text = self._start, self._text[self._at : end]
            self._pass(end - self._at)
            return start, text, value

    def rest(self, number: int, reason: str) -> Refused:
        """Return all that is left as one record that is refused."""
        start, size, digest = self._start, 0, hashlib.sha256()
        while left := self._text[self._at :].encode("utf-8", _BYTES):
            size += len(left)
            digest.update(left)
            self._pass(len(self._text) - self._at)
            self._more()
        return Refused(start, number, size, digest.hexdigest(), reason)

    def _skip(self) -> None:
        while True:
            while self._text[self._at : self._at + 1] in _BETWEEN:
                self._pass(1)
            if self._at < len(self._text) or not self._more():
                return

    def _pass(self, characters: int) -> None:
        passed = self._text[self._at : self._at + characters]
        self._start += len(passed.encode("utf-8", _BYTES))
        self._at += characters

    def _more(self, least: int = 1) -> bool:
        """Take in at least so many characters more, as far as there are any."""
        gained, size = [self._text[self._at :]], 0
        while size < least and not self._ended:
            try:
                part = next(self._parts, None)
            except CutError:
                part, self._cut = None, True
            self._ended = part is None
            gained.append(self._decoder.decode(part or b"", self._ended))
            size += len(gained[-1])
        self._text, self._at = "".join(gained), 0
        return size > 0


def _refused(piece: Piece, reason: str) -> Refused:
    return Refused(piece.start, piece.line, piece.size, piece.digest, reason)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
