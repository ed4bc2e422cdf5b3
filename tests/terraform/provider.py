"""What the Databricks provider's resources take, as the source of pulumi-databricks has it.

The package is generated from the provider's schema: a class for each resource and block, whose
constructor has the arguments; one without a default is required. It names lists in the plural.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_ARGUMENT = re.compile(
    r"^ +(?P<name>\w+): (?P<type>.+?)(?P<default> = None)?,?\)?:?$", re.MULTILINE
)
_INNER = re.compile(r"'(\w+Args)'")


@dataclass(frozen=True)
class Argument:
    """One argument of a resource or block."""

    required: bool
    many: bool
    inner: str


def folder():
    return Path(find_spec("pulumi_databricks").submodule_search_locations[0])


@functools.cache
def _blocks():
    """Return the text of every constructor of the file with all blocks, by class."""
    text = (folder() / "_inputs.py").read_text("utf-8")
    starts = [(m.start(), m[1]) for m in re.finditer(r"^class (\w+Args):$", text, re.MULTILINE)]
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return {name: text[start:end] for (start, name), end in zip(starts, ends, strict=True)}


@functools.cache
def arguments_of(resource):
    """Return the arguments of a resource by name; `databricks_` is no part of its file's name."""
    name = resource.removeprefix("databricks_")
    text = (folder() / f"{name}.py").read_text("utf-8")
    title = "".join(word.capitalize() for word in name.split("_"))
    return _arguments(text[text.index(f"class {title}Args:") :])


@functools.cache
def block(name):
    """Return the arguments of a block by name."""
    return _arguments(_blocks()[name])


def _arguments(text):
    head = text[text.index("__self__") : text.index('"""') if '"""' in text else len(text)]
    lines = head[: head.index("):\n")].partition("*,\n")[2].splitlines()
    found = {}
    for match in filter(None, (_ARGUMENT.match(line.removesuffix(",")) for line in lines)):
        inner = _INNER.search(match["type"])
        many = "Sequence[" in match["type"]
        found[match["name"]] = Argument(not match["default"], many, inner[1] if inner else "")
    return found


def looked_up(known, name):
    """Return the argument that the provider calls `name`, None when there is none."""
    return known.get(name) or known.get(_plural(name))


def _plural(name):
    if name.endswith("y") and name[-2] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "ss", "x")) else f"{name}s"
