"""Blocks: Terraform writes an object as a list of one, and leaves it out as an empty list."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin, get_type_hints

_HINTS: Final[dict[Any, Mapping[str, Any]]] = {}


def hints_of(cls: Any) -> Mapping[str, Any]:
    """Return the declared types of a class's fields."""
    if cls not in _HINTS:
        _HINTS[cls] = get_type_hints(cls)
    return _HINTS[cls]


def unblocked(value: Any, hint: Any) -> Any:
    """Return a planned value in the shape that an API would give it.

    Args:
        value: as in a plan.
        hint: the type that the value is declared to have in a record.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return unblocked(value, arguments[0])
    if origin is tuple:
        entries = value if isinstance(value, list) else None
        return value if entries is None else [unblocked(entry, arguments[0]) for entry in entries]
    if origin is Mapping or dataclasses.is_dataclass(hint):
        value = _only(value)
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        hints = hints_of(hint)
        return {name: unblocked(inner, hints.get(name, Any)) for name, inner in value.items()}
    return value


def _only(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if not value:
        return None
    return value[0] if len(value) == 1 else value
