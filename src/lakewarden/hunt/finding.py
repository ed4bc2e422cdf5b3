"""`Finding`: a secret that lies open, where, and its keyed hash; never the secret itself."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lakewarden.errors import UsageError
from lakewarden.hunt.detector import Leak
from lakewarden.hunt.document import Document, Form, Part, Unread
from lakewarden.hunt.forms import SEPARATOR, cell_at
from lakewarden.ledger.finding import Severity

_KEY_BYTES: Final = 32
_SHOWN: Final = 32
"""How many hexadecimal digits of a keyed hash are kept: 128 bits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret lies.

    Attributes:
        where: the path of a file, or the kind and key of an asset.
        member: the file within an archive, or the place in the definition of an asset.
        line: the line in the file; 0 where it has none, as in an archive.
        column: the character in that line, from 1.
        cell: the cell of a notebook, from 1; 0 for none.
        cell_line: the line in that cell.
        output: whether it is in what the cell printed.
        commit: the first commit, or run of a backup, that brought it, for what is past.
    """

    where: str
    member: str = ""
    line: int = 0
    column: int = 0
    cell: int = 0
    cell_line: int = 0
    output: bool = False
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret that lies open.

    Attributes:
        rule: the rule that found it.
        name: what kind of secret it is.
        severity: how much it matters.
        place: where.
        fingerprint: the keyed hash of the secret; the same secret has the same one everywhere.
    """

    rule: str
    name: str
    severity: Severity
    place: Place
    fingerprint: str


@dataclass(slots=True)
class Result:
    """What a hunt came to.

    Attributes:
        findings: what was found, the worst first.
        scanned: how many documents were looked through.
        total: how many there are.
        size: how many bytes were looked through.
        unread: those that were not, or not wholly.
        engine: the scanner that was used.
    """

    findings: list[Finding] = field(default_factory=list)
    scanned: int = 0
    total: int = 0
    size: int = 0
    unread: list[Unread] = field(default_factory=list)
    engine: str = ""


class Key:
    """The key of keyed hashes: whoever lacks it cannot try passwords against a report."""

    def __init__(self, secret: bytes) -> None:
        """Take the key."""
        self._secret = secret

    @property
    def id(self) -> str:
        """Return what tells one key from another."""
        return hmac.digest(self._secret, b"which key", "sha256").hex()[:8]

    def fingerprint(self, secret: bytes) -> str:
        """Return the keyed hash of a secret."""
        return hmac.digest(self._secret, b"secret\0" + secret, "sha256").hex()[:_SHOWN]


def key_at(file: Path) -> Key:
    """Read the key of keyed hashes, or make one where there is none.

    Raises:
        UsageError: the file is no key, or cannot be read or made.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            text = file.read_text("ascii").strip()
        else:
            text = os.urandom(_KEY_BYTES).hex()
            with os.fdopen(handle, "w") as made:
                made.write(f"{text}\n")
        secret = bytes.fromhex(text)
    except OSError as error:
        raise _no_key(file, f"cannot be read or made ({error.strerror})") from None
    except ValueError:
        raise _no_key(file, "is not hexadecimal") from None
    if len(secret) < _KEY_BYTES:
        raise _no_key(file, f"has less than {_KEY_BYTES} bytes")
    return Key(secret)


def _no_key(file: Path, what: str) -> UsageError:
    return UsageError(
        f"the key of fingerprints {what}",
        where=str(file),
        next_step="Name another file in LAKEWARDEN_HUNT_KEY, or remove this one",
    )


def findings_of(
    leaks: Iterable[Leak], document: Document, part: Part, key: Key
) -> Iterator[Finding]:
    """Yield what is kept of the secrets of a part, which come in order."""
    lines, cells = Cursor(part.data, b"\n"), Cursor(part.data, SEPARATOR)
    for leak in leaks:
        place = _place_of(leak, document, part, lines, cells)
        rule = leak.rule
        yield Finding(rule.id, rule.name, rule.severity, place, key.fingerprint(leak.secret))


class Cursor:
    """Counts something up to places that come in order, each stretch of text once."""

    def __init__(self, data: bytes, what: bytes) -> None:
        """Begin at the beginning."""
        self._data = data
        self._what = what
        self._at = 0
        self._count = 0

    def count(self, place: int) -> int:
        """Return how often it stands before a place."""
        self._count += self._data.count(self._what, self._at, place)
        self._at = place
        return self._count


def _place_of(leak: Leak, document: Document, part: Part, lines: Cursor, cells: Cursor) -> Place:
    """Return where a secret lies: by line in a file, and by cell and line in a notebook."""
    start = part.data.rfind(b"\n", 0, leak.start) + 1
    line = lines.count(start) + 1
    column = len(part.data[start : leak.start].decode("utf-8", "replace")) + 1
    base = Place(document.where, part.member, output=part.output, commit=document.commit)
    if part.places:
        return replace(base, member=part.places[line - 1])
    if part.whole:
        begins = cell_at(part.data, leak.start)
        cell = cells.count(start) + 1 if begins >= 0 else 0
        inner = part.data.count(b"\n", begins, leak.start) + 1 if cell else 0
        return replace(base, line=line, column=column, cell=cell, cell_line=inner)
    inside = part.member or document.form is Form.ASSET
    outer = 0 if inside else _outer_line(document.data, leak.secret)
    return replace(
        base,
        line=outer,
        column=0 if outer or part.about else column,
        cell=part.cell,
        cell_line=line if part.cell and not part.about else 0,
    )


def _outer_line(data: bytes, secret: bytes) -> int:
    """Return the line of a JSON file on which the first line of a secret stands, 0 if none does."""
    first = next((line for line in secret.splitlines() if line.strip()), secret)
    text = first.decode("utf-8", "replace")
    for ascii_only in (True, False):
        place = data.find(
            json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode("utf-8", "replace")
        )
        if place >= 0:
            return data.count(b"\n", 0, place) + 1
    return 0
