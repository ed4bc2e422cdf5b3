"""From JSON to declared types: what an API sends is checked before anything believes it."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

Converter = Callable[[Any], Any]

_CONVERTERS: Final[dict[Any, Converter]] = {}
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")


class MalformedError(Exception):
    """JSON does not have the declared type, or an item lacks its identity."""


def converter(hint: Any) -> Converter:
    """Return the function that checks JSON against a type and freezes it.

    Handles `Any`, str, int, float, bool, `X | None`, `tuple[X, ...]`, `Mapping[str, X]` and
    dataclasses of these, whose fields may name another name on the wire in their metadata, under
    `wire`. The function raises `MalformedError` for JSON of another type.
    """
    if hint not in _CONVERTERS:
        _CONVERTERS[hint] = _build(hint)
    return _CONVERTERS[hint]


def _build(hint: Any) -> Converter:
    if hint is Any:
        return lambda raw: raw
    if hint in (str, bool, float, int):
        return _primitive(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return _optional(converter(arguments[0]))
    if origin is tuple:
        return _sequence(converter(arguments[0]))
    if origin is Mapping:
        return _mapping(converter(arguments[1]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _nested(hint)
    raise TypeError(f"no conversion from JSON to {hint}")


def _primitive(hint: type) -> Converter:
    def convert(raw: Any) -> Any:
        if type(raw) is hint or (hint is float and type(raw) is int):
            return raw
        if hint is int and isinstance(raw, str) and _INTEGER.fullmatch(raw):
            return int(raw)  # JSON from protobuf writes 64-bit integers as strings
        raise MalformedError(f"{type(raw).__name__} where {hint.__name__} belongs")

    return convert


def _optional(inner: Converter) -> Converter:
    return lambda raw: None if raw is None else inner(raw)


def _sequence(inner: Converter) -> Converter:
    def convert(raw: Any) -> Any:
        if not isinstance(raw, list | tuple):
            raise MalformedError(f"{type(raw).__name__} where a list belongs")
        return tuple([inner(entry) for entry in raw])

    return convert


def _mapping(inner: Converter) -> Converter:
    def convert(raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise MalformedError(f"{type(raw).__name__} where an object belongs")
        return {str(name): inner(entry) for name, entry in raw.items()}

    return convert


def _nested(hint: type) -> Converter:
    hints = typing.get_type_hints(hint)
    fields = [
        (f.name, f.metadata.get("wire", f.name), converter(hints[f.name]), f.default)
        for f in dataclasses.fields(hint)
    ]

    def convert(raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise MalformedError(f"{type(raw).__name__} where {hint.__name__} belongs")
        values = {}
        for name, wire, inner, default in fields:
            entry = raw.get(wire, raw.get(name))  # snapshots have our own name for it
            if entry is not None:
                values[name] = inner(entry)
            elif default is dataclasses.MISSING:
                raise MalformedError(f"{hint.__name__} without {name}")
            else:
                values[name] = default
        return hint(**values)

    return convert
