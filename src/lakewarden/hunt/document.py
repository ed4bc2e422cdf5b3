"""`Document`: something to look through, where it is, and the parts that it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

LARGEST: Final = 64 * 1024 * 1024
"""The most bytes of a document that is read, unless the caller allows more."""


class Form(StrEnum):
    """What a document is, where its name does not say it."""

    FILE = "file"
    ASSET = "asset"
    """The definition of an asset, as JSON."""
    SCRIPT = "script"
    """Commands, where values stand without quotes."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something to look through.

    Attributes:
        where: the path of a file, or the kind and key of an asset.
        data: its bytes.
        commit: the commit or the run that brought it, for what is past.
        form: what it is.
    """

    where: str
    data: bytes
    commit: str = ""
    form: Form = Form.FILE


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that should have been looked through, and was not.

    Attributes:
        where: the path of a file, or the kind and key of an asset.
        why: why not.
    """

    where: str
    why: str


def too_large(where: str, largest: int) -> Unread:
    """Return that a document has more bytes than are read."""
    return Unread(where, f"is larger than {largest / 2**20:g} MB")


class Part(NamedTuple):
    """A stretch of a document that is read by itself.

    Attributes:
        data: its bytes.
        member: its name within an archive, or its place in a definition.
        cell: the number of the cell, counted from 1; 0 where the part is no cell.
        output: whether it is what a cell printed.
        plain: whether it has settings and not code.
        binary: whether it is no text.
        whole: whether it is the document as it is, so that lines count in it.
        about: whether it is what is said about a cell or document, so that no line counts in it.
        places: the place in a definition that each of its lines is of.
    """

    data: bytes
    member: str = ""
    cell: int = 0
    output: bool = False
    plain: bool = False
    binary: bool = False
    whole: bool = False
    about: bool = False
    places: tuple[str, ...] = ()


class UnreadableError(Exception):
    """A document, or a part of it, cannot be read."""
