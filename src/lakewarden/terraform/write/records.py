"""Records as documents again: in the words of the API, with what is known of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from lakewarden.estate.record import Record, plan_of
from lakewarden.semantics.secret_shapes import WITHHELD

Places = frozenset[tuple[str, ...]]


def document_of(record: Record) -> tuple[dict[str, Any], Places]:
    """Return what a record says, and at which places; what was not read or was withheld is open."""
    document: dict[str, Any] = {}
    known: set[tuple[str, ...]] = set()
    for field in plan_of(type(record)):
        value = getattr(record, field.name)
        if not field.is_key:
            if value.gap is not None:
                continue
            value = value.get()
        plain = _wired(value)
        if _is_withheld(plain):
            continue
        known.add(field.steps)
        _put(document, field.steps, plain)
    return document, frozenset(known)


def _put(document: dict[str, Any], steps: tuple[str, ...], value: Any) -> None:
    if value is None:
        return
    *way, last = steps
    for step in way:
        document = document.setdefault(step, {})
    document[last] = value


def _wired(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.metadata.get("wire", f.name): _wired(getattr(value, f.name)) for f in fields}
    if isinstance(value, tuple | list):
        return [_wired(entry) for entry in value]
    if isinstance(value, Mapping):
        return {name: _wired(entry) for name, entry in value.items()}
    return value


def _is_withheld(value: Any) -> bool:
    """Return whether a value, or any part of it, is a mark that stands for what was withheld."""
    if isinstance(value, Mapping):
        return any(_is_withheld(entry) for entry in value.values())
    if isinstance(value, list):
        return any(_is_withheld(entry) for entry in value)
    return isinstance(value, str) and WITHHELD[:-1] in value
