"""Which fields of an object a write is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.apply.hand import Json


def changed(found: Json, wanted: Json) -> tuple[str, ...]:
    """Return the names of the fields in which two objects differ, in order."""
    names = sorted(found.keys() | wanted.keys())
    return tuple(name for name in names if found.get(name) != wanted.get(name))


def chosen(document: Json, names: Iterable[str]) -> dict[str, Any]:
    """Return some fields of an object, those that it has."""
    return {name: document[name] for name in names if document.get(name) is not None}
