"""Definitions of assets as text: a line a setting, beside the place that it has in the definition.

A secret is known by the name that it is assigned to, so that a line has the last name of its place
and no other; of `{"key": "DB_PASSWORD", "value": …}` it is the one that the key says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.hunt.document import Part

_VALUES: Final = frozenset({"value", "default", "default_value", "defaultValue", "currentValue"})
_NAMES: Final = ("key", "name", "keyword")
_DEEPEST: Final = 60


def parts(data: bytes) -> Iterator[Part]:
    """Yield the settings of a definition, and each text of several lines by itself.

    Raises:
        ValueError: it is not JSON.
    """
    yield from _parts(json.loads(data))


def flat(value: Any) -> bytes:
    """Return the settings of what was read from JSON as one text, without their places."""
    return b"\n".join(filter(None, (part.data for part in _parts(value))))


def _parts(value: Any) -> Iterator[Part]:
    lines: list[str] = []
    places: list[str] = []
    for place, name, text in _leaves(value, "", "", 0):
        if "\n" in text:
            yield Part(_bytes(text), member=place)
        else:
            lines.append(f"{json.dumps(name, ensure_ascii=False)}: {text}")
            places.append(place)
    yield Part(_bytes("\n".join(lines)), places=tuple(places))


def _leaves(value: Any, place: str, name: str, depth: int) -> Iterator[tuple[str, str, str]]:
    """Yield place, name and text of each setting: JSON, unless it has several lines."""
    if isinstance(value, Mapping) and depth < _DEEPEST:
        for key, inner in value.items():
            below = f"{place}.{key}" if place else str(key)
            yield from _leaves(inner, below, _named(value, key, name), depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        if all(isinstance(entry, str) and "\n" not in entry for entry in value):
            yield place, name, json.dumps(value, ensure_ascii=False)
            return
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{place}[{number}]", name, depth + 1)
    elif isinstance(value, Mapping | list):
        yield place, name, json.dumps(value, ensure_ascii=False)
    elif isinstance(value, str) and value:
        inner = _json_in(value)
        if inner is not None and depth < _DEEPEST:
            yield from _leaves(inner, place, name, depth + 1)
        else:
            yield place, name, value if "\n" in value else json.dumps(value, ensure_ascii=False)


def _named(holder: Mapping[str, Any], key: str, name: str) -> str:
    if key not in _VALUES:
        return key
    said = (holder.get(other) for other in _NAMES)
    return next((text for text in said if isinstance(text, str)), name)


def _json_in(text: str) -> Any:
    """Return what a text says in JSON, None when it is no object or list."""
    if text[:1] not in {"{", "["}:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
