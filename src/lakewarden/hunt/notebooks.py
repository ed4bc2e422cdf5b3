"""Notebooks that are kept as JSON: by cell, what cells printed, and what else is said in them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from lakewarden.hunt import assets
from lakewarden.hunt.document import Part, UnreadableError

_BROKEN: Final = (
    *(ValueError, KeyError, TypeError, AttributeError),
    *(OverflowError, RecursionError),
)
"""What reading JSON raises that is no notebook."""
_MODEL: Final = b"__DATABRICKS_NOTEBOOK_MODEL"
_PAGE: Final = re.compile(_MODEL + rb"\s?=\s?['\"]([A-Za-z0-9+/=]{40,})['\"]")
_SHOWN: Final = frozenset({"text", "traceback", "data"})
"""What of an output is read by itself."""


def jupyter(data: bytes) -> list[Part] | None:
    """Return the parts of a Jupyter notebook; None where it is none."""
    try:
        notebook = json.loads(data)
        cells = notebook["cells"]
        found = [part for number, cell in enumerate(cells, 1) for part in _cell(cell, number)]
        found += _rest({name: value for name, value in notebook.items() if name != "cells"})
    except _BROKEN:
        return None
    return found


def exported(data: bytes) -> list[Part] | None:
    """Return the parts of a notebook as Databricks exports it; None where it is none."""
    try:
        notebook = json.loads(data)
        commands = notebook["commands"]
        ordered = sorted(commands, key=lambda command: float(command.get("position", 0)))
        found = [part for number, one in enumerate(ordered, 1) for part in _command(one, number)]
        found += _rest({name: value for name, value in notebook.items() if name != "commands"})
    except _BROKEN:
        return None
    return found


def page(data: bytes) -> list[Part]:
    """Return the parts of the notebook that a page exported as HTML keeps encoded.

    Raises:
        UnreadableError: it keeps something else.
    """
    begun = data.find(_MODEL)  # which looks for the words alone several times as fast
    found = _PAGE.search(data, begun) if begun >= 0 else None
    if not found:
        return []
    try:
        parts = exported(unquote_to_bytes(base64.b64decode(found[1])))
    except ValueError:
        parts = None
    if parts is None:
        raise UnreadableError("the notebook in it cannot be decoded")
    return parts


def _command(command: Mapping[str, Any], number: int) -> Iterator[Part]:
    yield Part(_joined(command.get("command", "")), cell=number)
    if command.get("results"):
        yield Part(_joined(command["results"]), cell=number, output=True)
    rest = {name: value for name, value in command.items() if name not in {"command", "results"}}
    yield from _rest(rest, number)


def _cell(cell: Mapping[str, Any], number: int) -> Iterator[Part]:
    yield Part(_joined(cell.get("source", "")), cell=number)
    for output in cell.get("outputs", ()):
        shown = output.get("data", {})
        texts = [output.get("text", ""), output.get("traceback", "")]
        texts += [shown[kind] for kind in sorted(shown) if not _is_picture(kind)]
        for text in texts:
            if text:
                yield Part(_joined(text), cell=number, output=True)
        rest = {name: value for name, value in output.items() if name not in _SHOWN}
        yield from _rest(rest, number, output=True)
    rest = {name: value for name, value in cell.items() if name not in {"source", "outputs"}}
    yield from _rest(rest, number)


def _rest(said: Any, cell: int = 0, *, output: bool = False) -> Iterator[Part]:
    """Yield what else is said in a notebook, about a cell, or about what one printed."""
    text = assets.flat(_without_pictures(said))
    if text:
        yield Part(text, cell=cell, output=output, about=True)


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        kept = ((name, inner) for name, inner in value.items() if not _is_picture(name))
        return {name: _without_pictures(inner) for name, inner in kept}
    return [_without_pictures(inner) for inner in value] if isinstance(value, list) else value


def _is_picture(kind: str) -> bool:
    return kind.startswith("image/") and kind != "image/svg+xml"


def _joined(text: Any) -> bytes:
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        text = "".join(text)
    if not isinstance(text, str):
        text = json.dumps(text, ensure_ascii=False)
    return str(text).encode("utf-8", "replace")
