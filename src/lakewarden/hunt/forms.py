"""The parts of a document: notebooks by cell and output, archives by member, all else as it is."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from lakewarden.hunt import archives, assets, notebooks
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
        return
    cells = notebooks.jupyter(data) if where.endswith(".ipynb") else None
    if cells is not None:
        yield from cells
    else:
        yield from _as_it_is(where, data)
        yield from notebooks.page(data)
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


def _inside(members: Iterator[archives.Member], depth: int) -> Iterator[Part | Unread]:
    """Yield the parts of the members of an archive; one that cannot be read keeps none back."""
    for name, data in members:
        cells = notebooks.exported(data) if posixpath.splitext(name)[1] in _NOTEBOOKS else None
        try:
            for part in _file(name, data, depth + 1) if cells is None else cells:
                if isinstance(part, Unread):
                    yield Unread(f"{name}!{part.where}", part.why)
                else:
                    member = f"{name}!{part.member}" if part.member else name
                    yield part._replace(member=member)
        except UnreadableError as error:
            yield Unread(name, str(error))
