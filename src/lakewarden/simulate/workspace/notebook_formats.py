"""What a notebook is in its formats: marked source, and Jupyter's JSON."""

from __future__ import annotations

import json
from typing import Any

from lakewarden.simulate.web import invalid

HEADER = "Databricks notebook source"
MARKS = {"PYTHON": "#", "R": "#", "SQL": "--", "SCALA": "//"}
SUFFIXES = {"PYTHON": ".py", "SQL": ".sql", "SCALA": ".scala", "R": ".r"}
_METADATA = "application/vnd.databricks.v1+notebook"


def language_of(name: str, content: bytes) -> str | None:
    """The language of a notebook's source, by its extension and first line; ``None`` for a file."""
    for language, suffix in SUFFIXES.items():
        if name.lower().endswith(suffix):
            first = content.split(b"\n", 1)[0].strip()
            return language if first == f"{MARKS[language]} {HEADER}".encode() else None
    return None


def to_jupyter(name: str, content: bytes, language: str) -> bytes:
    """A notebook as Jupyter keeps it, without outputs."""
    mark = MARKS[language]
    text = content.decode().removeprefix(f"{mark} {HEADER}\n")
    cells = [
        _cell(part, f"{mark} MAGIC ") for part in text.split(f"\n\n{mark} COMMAND ----------\n\n")
    ]
    metadata = {_METADATA: {"language": language.lower(), "notebookName": name}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4}).encode()


def _cell(text: str, magic: str) -> dict[str, Any]:
    if text.startswith(magic):
        text = "\n".join(line.removeprefix(magic) for line in text.split("\n"))
    if text.startswith("%md\n"):
        return {"cell_type": "markdown", "source": text.removeprefix("%md\n"), "metadata": {}}
    return {"cell_type": "code", "source": text, "metadata": {}, "outputs": []}


def from_jupyter(content: bytes) -> tuple[bytes, str]:
    """The source and the language of what Jupyter keeps.

    Raises:
        ApiError: it is not what Jupyter keeps.
    """
    try:
        book = json.loads(content)
        metadata, cells = book.get("metadata", {}), book["cells"]
        said = metadata.get(_METADATA, {}).get("language")
        said = said or metadata.get("language_info", {}).get("name", "python")
        language = said.upper() if said.upper() in MARKS else "PYTHON"
        mark = MARKS[language]
        texts = [_text(cell, f"{mark} MAGIC ") for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise invalid("The notebook is not in Jupyter's format") from None
    source = f"{mark} {HEADER}\n" + f"\n\n{mark} COMMAND ----------\n\n".join(texts)
    return source.encode(), language


def _text(cell: dict[str, Any], magic: str) -> str:
    lines = cell["source"]
    text = lines if isinstance(lines, str) else "".join(lines)
    if cell["cell_type"] == "markdown":
        text = f"%md\n{text}"
    return "\n".join(magic + line for line in text.split("\n")) if text.startswith("%") else text
