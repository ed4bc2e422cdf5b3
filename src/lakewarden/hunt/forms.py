"""The parts of a document: notebooks by cell and output, archives by member, all else as it is."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.hunt import archives, assets
from lakewarden.hunt.document import Document, Form, Part, Unread, UnreadableError

_PLAIN: Final = frozenset(
    {
        *(".bash", ".bat", ".ps1", ".sh", ".zsh"),
        *(".cfg", ".cnf", ".conf", ".config", ".env", ".ini", ".properties", ".spark", ".tfvars"),
        *(".netrc", ".npmrc", ".pypirc", ".toml", ".yaml", ".yml"),
        *(".csv", ".log", ".md", ".rst", ".txt"),
    }
)
"""Ends of names of files with settings or commands, where values stand without quotes."""
_NOTEBOOKS: Final = frozenset((".python", ".scala", ".sql", ".r"))
"""Ends of names of notebooks in a `.dbc` archive."""
_HEADERS: Final = (b"# Databricks notebook", b"-- Databricks notebook", b"// Databricks notebook")
SEPARATOR: Final = b"COMMAND ----------"
"""What stands between two cells of a notebook in source form."""
_MARKS: Final = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""How text in wide characters begins, where it says what it is."""
_WIDE: Final = {
    (1,): "utf-16-le",
    (0,): "utf-16-be",
    (1, 2, 3): "utf-32-le",
    (0, 1, 2): "utf-32-be",
}
"""Which bytes of each character are zero in most text in Latin letters."""
_MOSTLY: Final = 0.7
_HEAD: Final = 4096
"""How many bytes tell text from what is none."""
_DEEPEST: Final = 2
"""How deep archives within archives are opened."""


def parts(document: Document) -> Iterator[Part | Unread]:
    """Yield the parts of a document, and the members of an archive that cannot be read.

    Raises:
        UnreadableError: it cannot be read, or only in part.
    """
    if document.form is Form.ASSET:
        yield from _asset(document.data)
    elif document.form is Form.SCRIPT:
        yield Part(document.data, plain=True, whole=True)
    else:
        yield from _file(document.where, document.data, 0)


def _file(where: str, data: bytes, depth: int) -> Iterator[Part | Unread]:
    members = archives.members(where, data)
    if members is not None:
        if depth > _DEEPEST:
            raise UnreadableError("is an archive within archives")
        if not archives.is_archive_alone(data):
            yield from _as_it_is(where, data)
        yield from _inside(members, depth)
    elif where.endswith(".ipynb"):
        yield from _jupyter(data)
    else:
        yield from _as_it_is(where, data)
        what = archives.opaque(data)
        if what:
            raise UnreadableError(what)


def cell_at(data: bytes, place: int) -> int:
    """Return where the cell of a notebook in source form begins that a byte is in.

    Returns:
        The first byte of the cell, -1 for what is no notebook.
    """
    if not data.startswith(_HEADERS):
        return -1
    before = data.rfind(SEPARATOR, 0, place)
    start = data.find(b"\n", max(0, before)) + 1
    while data[start : start + 1] in {b"\r", b"\n"}:
        start += 1
    return min(start, place)


def _asset(data: bytes) -> list[Part]:
    try:
        return list(assets.parts(data))
    except (ValueError, RecursionError):
        raise UnreadableError("its definition is not JSON") from None


def _as_it_is(where: str, data: bytes) -> Iterator[Part]:
    plain = _is_plain(where)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            yield Part(_narrow(data[len(mark) :], encoding), plain=plain, whole=True)
            return
    binary = data.find(b"\0", 0, _HEAD) >= 0
    yield Part(data, plain=plain, binary=binary, whole=True)
    if binary and (guessed := _wide(data[:_HEAD])):
        yield Part(_narrow(data, guessed), plain=plain, whole=True)


def _narrow(data: bytes, encoding: str) -> bytes:
    return data.decode(encoding, "replace").encode("utf-8", "replace")


def _wide(head: bytes) -> str:
    """Return the encoding of text in wide characters that does not say it; empty for all else."""
    for size in (4, 2):
        columns = [head[at::size] for at in range(size)]
        zero = tuple(n for n, c in enumerate(columns) if c and c.count(0) >= _MOSTLY * len(c))
        lettered = all(c.count(0) == 0 for n, c in enumerate(columns) if n not in zero)
        if lettered and zero in _WIDE and len(zero) * 2 >= size:
            return _WIDE[zero]
    return ""


def _is_plain(where: str) -> bool:
    name = where[where.rfind("/") + 1 :].lower()
    return name[name.rfind(".") :] in _PLAIN or name.startswith((".env", "dockerfile"))


def _jupyter(data: bytes) -> Iterator[Part]:
    """Yield the cells of a Jupyter notebook, what they printed, and what is said about it."""
    try:
        notebook = json.loads(data)
        cells = notebook["cells"]
        found = [part for number, cell in enumerate(cells, 1) for part in _cell(cell, number)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield Part(data, whole=True)  # no notebook after all: it is looked through as text
        return
    yield from found
    about = {name: value for name, value in notebook.items() if name != "cells"}
    yield Part(json.dumps(about, ensure_ascii=False).encode("utf-8", "replace"))


def _cell(cell: Mapping[str, Any], number: int) -> Iterator[Part]:
    yield Part(_joined(cell.get("source", "")), cell=number)
    for output in cell.get("outputs", ()):
        texts = [output.get("text", ""), output.get("traceback", "")]
        shown = output.get("data", {})
        texts += [shown[kind] for kind in sorted(shown) if not kind.startswith("image/")]
        for text in texts:
            if text:
                yield Part(_joined(text), cell=number, output=True)


def _joined(text: Any) -> bytes:
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        text = "".join(text)
    if not isinstance(text, str):
        text = json.dumps(text, ensure_ascii=False)
    return str(text).encode("utf-8", "replace")


def _inside(members: Iterator[archives.Member], depth: int) -> Iterator[Part | Unread]:
    """Yield the parts of the members of an archive; one that cannot be read keeps none back."""
    for name, data in members:
        cells = _notebook(data) if posixpath.splitext(name)[1] in _NOTEBOOKS else None
        try:
            for part in _file(name, data, depth + 1) if cells is None else cells:
                if isinstance(part, Unread):
                    yield Unread(f"{name}!{part.where}", part.why)
                else:
                    member = f"{name}!{part.member}" if part.member else name
                    yield part._replace(member=member)
        except UnreadableError as error:
            yield Unread(name, str(error))


def _notebook(data: bytes) -> list[Part] | None:
    """Return the commands of a notebook of a `.dbc` archive; None where it is none."""
    try:
        commands = json.loads(data)["commands"]
        ordered = sorted(commands, key=lambda command: float(command.get("position", 0)))
        found = []
        for number, command in enumerate(ordered, 1):
            found.append(Part(str(command.get("command", "")).encode(), cell=number))
            if command.get("results"):
                shown = json.dumps(command["results"], ensure_ascii=False)
                found.append(Part(shown.encode("utf-8", "replace"), cell=number, output=True))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return found
