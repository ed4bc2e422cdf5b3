"""HCL as text: values, blocks and whole files, laid out as `terraform fmt` lays them out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KEYWORDS: Final = frozenset({"for", "if", "in", "true", "false", "null"})
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LONGEST: Final = 80
"""How many characters a list or an object may have that stays on one line."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An expression that stands as it is: `var.account_id`, `aws_s3_bucket.root.bucket`."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text of parts, some of which are references."""

    parts: tuple[str | Reference, ...]


@dataclass(frozen=True, slots=True)
class Json:
    """A document that the provider takes as JSON text."""

    value: Any


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name and its value."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Comment:
    """Lines that people read."""

    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block with its labels, and what is in it."""

    name: str
    labels: tuple[str, ...]
    body: tuple[Attribute | Block | Comment, ...]


def document(items: Iterable[Attribute | Block | Comment]) -> str:
    """Return a whole file."""
    return "\n".join(_body(list(items), 0)) + "\n"


def quoted(text: str) -> str:
    """Return a text as a literal in which nothing is interpolated."""
    made = "".join(_ESCAPES.get(c, c if c.isprintable() else _control(c)) for c in text)
    return '"' + made.replace("${", "$${").replace("%{", "%%{") + '"'


def _control(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004  # four digits


def _body(items: list[Attribute | Block | Comment], depth: int) -> Iterator[str]:
    """Yield the lines of a body: runs of short attributes aligned, all else set apart."""
    indent = "  " * depth
    run: list[tuple[str, str]] = []
    apart = False
    for number, item in enumerate(items):
        if isinstance(item, Attribute):
            lines = list(_value(item.value, depth))
            if len(lines) == 1:
                if apart and not run:
                    yield ""
                run.append((item.name, lines[0]))
                apart = False
                continue
        yield from _aligned(run, indent)
        if number and not isinstance(items[number - 1], Comment):
            yield ""
        run, apart = [], not isinstance(item, Comment)
        yield from _lone(item, depth)
    yield from _aligned(run, indent)


def _lone(item: Attribute | Block | Comment, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(item, Comment):
        yield from (f"{indent}# {line}".rstrip() for line in item.text.splitlines())
    elif isinstance(item, Block):
        head = " ".join([item.name, *(quoted(label) for label in item.labels)])
        if not item.body:
            yield f"{indent}{head} {{}}"
            return
        yield f"{indent}{head} {{"
        yield from _body(list(item.body), depth + 1)
        yield f"{indent}}}"
    else:
        first, *rest = _value(item.value, depth)
        yield f"{indent}{item.name} = {first}"
        yield from rest


def _aligned(run: list[tuple[str, str]], indent: str) -> Iterator[str]:
    widest = max((len(name) for name, _ in run), default=0)
    for name, value in run:
        yield f"{indent}{name:<{widest}} = {value}"


def _value(value: Any, depth: int) -> Iterator[str]:
    """Yield the lines of a value; the first has no indent, as it stands after the sign."""
    if isinstance(value, Json):
        first, *rest = _value(value.value, depth)
        if not rest:
            yield f"jsonencode({first})"
            return
        yield f"jsonencode({first}"
        yield from rest[:-1]
        yield f"{rest[-1]})"
    elif isinstance(value, Mapping):
        yield from _object(value, depth)
    elif isinstance(value, list | tuple):
        yield from _list(value, depth)
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, Reference):
        return value.text
    if isinstance(value, Text):
        parts = (f"${{{p.text}}}" if isinstance(p, Reference) else _inner(p) for p in value.parts)
        return '"' + "".join(parts) + '"'
    if isinstance(value, str):
        return quoted(value)
    return json.dumps(value)


def _inner(text: str) -> str:
    return quoted(text)[1:-1]


def _object(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    if not value:
        yield "{}"
        return
    inside = [Attribute(_key(name), inner) for name, inner in value.items()]
    lines = [list(_value(item.value, depth + 1)) for item in inside]
    yield "{"
    indent = "  " * (depth + 1)
    run: list[tuple[str, str]] = []
    for item, (first, *rest) in zip(inside, lines, strict=True):
        if not rest:
            run.append((item.name, first))
            continue
        yield from _aligned(run, indent)
        run = []
        yield f"{indent}{item.name} = {first}"
        yield from rest
    yield from _aligned(run, indent)
    yield "  " * depth + "}"


def _list(value: list[Any] | tuple[Any, ...], depth: int) -> Iterator[str]:
    if not any(isinstance(entry, Mapping | list | tuple | Json) for entry in value):
        line = "[" + ", ".join(_scalar(entry) for entry in value) + "]"
        if len(line) <= _LONGEST or len(value) == 1:
            yield line
            return
    yield "["
    for entry in value:
        first, *rest = _value(entry, depth + 1)
        *middle, last = [f"{'  ' * (depth + 1)}{first}", *rest]
        yield from middle
        yield f"{last},"
    yield "  " * depth + "]"


def _key(name: str) -> str:
    plain = _NAME.fullmatch(name) and name not in _KEYWORDS
    return name if plain else quoted(name)
