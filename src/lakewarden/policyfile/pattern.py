"""Regular expressions that mean the same to DuckDB (RE2) and to Spark (Java)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_LONGEST: Final = 1000
"""How often RE2 lets something be repeated."""
_SHARED: Final = re.compile(r"\\(?:[AbBdDwWsSznrtf]|x[0-9A-Fa-f]{2}|[^A-Za-z0-9])", re.DOTALL)
_FLAGS: Final = re.compile(r"\(\?[ims]*(?:-[ims]+)?[:)]")
_COUNT: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_TOKEN: Final = re.compile(
    r"""(?P<escape>\\(?:x..|.))
    | (?P<class>\[\^?(?:\\.|[^]\\])(?:\\.|[^]\\])*\])
    | (?P<group>\(\?(?:[a-z-]*[:)]|.{1,2}))
    | (?P<greed>(?:[*+?]|\{[0-9,]+\})\+)
    | (?P<count>\{[^}]*\}?)
    | (?P<plain>.)""",
    re.DOTALL | re.VERBOSE,
)


def fault(pattern: str) -> str:
    """Return what is wrong about a regular expression; empty where nothing is."""
    for unshared in _unshared(pattern):
        return unshared
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""


def _unshared(pattern: str) -> Iterator[str]:
    """Yield what one of the two engines does not know, or takes for something else."""
    for found in _TOKEN.finditer(pattern):
        kind, text = str(found.lastgroup), found[0]
        if kind == "escape" and not _SHARED.fullmatch(text):
            yield f"{text} is not known to both engines"
        elif kind == "group" and not _FLAGS.fullmatch(text):
            yield f"{text}: groups are plain, or have the flags i, m and s"
        elif kind == "greed":
            yield f"{text}: RE2 does not know possessive counts"
        elif kind == "count":
            yield from _miscounted(text)
        elif kind == "class":
            yield from _unclear(text)


def _miscounted(text: str) -> Iterator[str]:
    found = _COUNT.fullmatch(text)
    if not found:
        yield f"{text}: Java takes a brace for a count; write \\{{"
    elif max(int(number or 0) for number in found.groups()) > _LONGEST:
        yield f"{text}: RE2 counts up to {_LONGEST}"


def _unclear(text: str) -> Iterator[str]:
    inner = re.sub(r"\\.", "", text[1:], flags=re.DOTALL)
    if "[" in inner or "&&" in inner:
        yield f"{text}: Java takes [ and && in a class for more than themselves; escape them"
    for escape in re.findall(r"\\[A-Za-z0-9]", text):
        if escape[1] not in "dDwWsSnrtfx":
            yield f"{escape} in {text} is not known to both engines"
