"""Where a configuration says what a plan shows: files and lines of resources.

Terraform's plan does not tell. The blocks `resource` and `module` of the `.tf` files do, and calls
of local modules are followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from lakewarden.errors import UsageError

_BLOCK: Final = re.compile(
    r'^[ \t]*(?:resource[ \t]+"(?P<type>[\w-]+)"|module)[ \t]+"(?P<name>[\w-]+)"[ \t]*\{',
    re.MULTILINE,
)
_SOURCE: Final = re.compile(r'^[ \t]*source[ \t]*=[ \t]*"(?P<path>\.\.?/[^"$]*)"', re.MULTILINE)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDEX: Final = re.compile(r"\[[^\]]*\]")
_DEEPEST: Final = 20


def lines_of(folder: Path, addresses: Iterator[str]) -> Mapping[str, str]:
    """Return `file:line` by the address of a resource, for those that were found.

    Args:
        folder: the root module; files are named from here.
        addresses: as in a plan, with indexes.

    Raises:
        UsageError: there is no configuration in the folder.
    """
    if not any(folder.glob("*.tf")):
        raise UsageError(
            "there is no Terraform configuration", where=str(folder), next_step="Name its folder"
        )
    written = dict(_module(folder, folder, "", 0))
    bare = {address: _INDEX.sub("", address) for address in addresses}
    return {address: written[name] for address, name in bare.items() if name in written}


def _module(root: Path, folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the address without index and the place of every resource under a module."""
    for file in sorted(folder.glob("*.tf")):
        text = _COMMENT.sub(_blank, file.read_text("utf-8", "replace"))
        for match in _BLOCK.finditer(text):
            if match["type"]:
                line = text.count("\n", 0, match.start()) + 1
                yield f"{prefix}{match['type']}.{match['name']}", f"{_shown(root, file)}:{line}"
                continue
            source = _SOURCE.search(text[match.end() : _end(text, match.end())])
            if source and depth < _DEEPEST:
                inner = f"{prefix}module.{match['name']}."
                yield from _module(root, folder / source["path"], inner, depth + 1)


def _shown(root: Path, file: Path) -> str:
    """Return how to call a file: from the root module, or by where it is beside it."""
    inside, home = file.resolve(), root.resolve()
    return str(inside.relative_to(home)) if inside.is_relative_to(home) else str(file)


def _end(text: str, start: int) -> int:
    """Return where the block ends that begins before `start`: at a brace in the first column."""
    end = re.compile(r"^\}", re.MULTILINE).search(text, start)
    return end.start() if end else len(text)


def _blank(comment: re.Match[str]) -> str:
    """Return as many empty lines as a comment has, so that lines keep their numbers."""
    return "\n" * comment[0].count("\n")
