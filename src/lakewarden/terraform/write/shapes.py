"""Shapes: the arguments of a resource, and where an API's answer has the value of each.

A shape is written in words:

    label!                  an argument that the provider requires, called as in the answer
    role_arn<sts.role_arn   an argument that the answer has under another path
    definition~             an argument that takes JSON text
    autoscale{…}            a block
    task*<tasks{…}          a block that may be there several times
    egress={…}              an argument that takes an object
    rules=*{…}              an argument that takes a list of objects
    filter+{…}              a block that is there even when nothing is in it
    ingress*+{…}            blocks of which there may be none, which is then said

A path of a single dot is the whole answer.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.terraform.write.hcl import Attribute, Block, Json
from lakewarden.terraform.write.thing import Item

_WORD: Final = re.compile(
    r"(?P<name>\w+)(?P<marks>[!~=*+]*)(?:<(?P<path>[\w@.-]+))?(?P<open>\{)?|(?P<close>\})"
)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a resource, or of a block in one.

    Attributes:
        name: what the provider calls it.
        path: where the answer has its value, as steps.
        required: the provider requires it.
        as_json: it takes JSON text.
        is_value: it takes objects as a value and not as blocks.
        many: it may be there several times.
        hollow: it means something even when nothing is in it.
        inner: the arguments within; none for a plain value.
    """

    name: str
    path: tuple[str, ...]
    required: bool = False
    as_json: bool = False
    is_value: bool = False
    many: bool = False
    hollow: bool = False
    inner: tuple[Argument, ...] = ()


Shape = tuple[Argument, ...]


@functools.cache
def shape(text: str) -> Shape:
    """Return the shape that some words describe."""
    levels: list[list[Argument]] = [[]]
    opened: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        if word["close"]:
            inner = tuple(levels.pop())
            levels[-1].append(_argument(opened.pop(), inner))
        elif word["open"]:
            opened.append(word)
            levels.append([])
        else:
            levels[-1].append(_argument(word))
    return tuple(levels[0])


def _argument(word: re.Match[str], inner: Shape = ()) -> Argument:
    marks, path = word["marks"], word["path"] or word["name"]
    steps = () if path == "." else tuple(path.split("."))
    return Argument(
        word["name"],
        steps,
        required="!" in marks,
        as_json="~" in marks,
        is_value="=" in marks,
        many="*" in marks,
        hollow="+" in marks,
        inner=inner,
    )


def value_of(document: Any, path: tuple[str, ...]) -> Any:
    """Return what a document has at a path, None where it has nothing."""
    for step in path:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def filled(form: Shape, document: Mapping[str, Any]) -> Iterator[Item]:
    """Yield the arguments of a shape that a document has values for."""
    for argument in form:
        value = value_of(document, argument.path)
        wanted = argument.required or argument.hollow
        if value is None or (_is_nothing(value) and not wanted):
            continue
        if argument.inner and not argument.is_value:
            yield from _blocks(argument, value)
        else:
            made = _plain(argument, value)
            if not (argument.inner and _is_nothing(made)):
                yield Attribute(argument.name, made)


def lacking(form: Shape, document: Mapping[str, Any], inside: str = "") -> Iterator[str]:
    """Yield the arguments that the provider requires and that a document has no values for."""
    for argument in form:
        value = value_of(document, argument.path)
        if argument.required and value is None:
            yield f"{inside}{argument.name}"
        for entry in value if isinstance(value, list | tuple) else [value]:
            if isinstance(entry, Mapping) and (entry or argument.many):
                yield from lacking(argument.inner, entry, f"{inside}{argument.name}.")


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {}, ())


def _blocks(argument: Argument, value: Any) -> Iterator[Item]:
    entries = value if isinstance(value, list | tuple) else [value]
    if argument.hollow and not entries:
        yield Attribute(argument.name, [])
    for entry in entries:
        body = tuple(filled(argument.inner, entry))
        if body or argument.many or argument.hollow:
            yield Block(argument.name, (), body)


def _plain(argument: Argument, value: Any) -> Any:
    if argument.as_json:
        return Json(json.loads(value) if isinstance(value, str) else value)
    if argument.inner and argument.many:
        return [_object(argument.inner, entry) for entry in value]
    return _object(argument.inner, value) if argument.inner else value


def _object(form: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    return {item.name: item.value for item in filled(form, value) if isinstance(item, Attribute)}
