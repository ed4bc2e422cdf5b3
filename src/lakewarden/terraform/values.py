"""What a plan says of one value: the value, "known after apply", a part of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Unsaid(Enum):
    """Why a plan has no value.

    `LATER`: it is decided when the plan is applied. `SILENT`: the plan does not speak of it.
    """

    LATER = "known after apply"
    SILENT = "not in the plan"


@dataclass(frozen=True, slots=True)
class Part:
    """What the plan has of a list or map that may hold more: proof of a wrong, never of a right.

    Attributes:
        value: the entries that are known.
        least: what is sure to be there even if the known entries were not.
    """

    value: Any
    least: Any = None

    def as_if(self, parts: Parts) -> Any:
        """Return what to take the part for."""
        if parts is Parts.WHOLE:
            return self.value
        if parts is Parts.LEAST:
            return type(self.value)() if self.least is None else self.least
        return Unsaid.LATER


class Parts(Enum):
    """What to take the known part of a list or map for.

    `OPEN`: for a part, so that nothing is known of the whole. `WHOLE`: for the whole. `LEAST`: for
    nothing. What fails as a whole and not as nothing fails by what is in it, whatever else comes.
    """

    OPEN = "open"
    WHOLE = "whole"
    LEAST = "least"


def look_up(values: Any, unknown: Any, path: str) -> Any:
    """Return what a plan says at a dotted path.

    A block is a list of objects in a plan; the path goes through the only one of them. A list or
    map of which some entries are known after apply is a `Part`.

    Args:
        values: the planned attributes of a resource.
        unknown: the same shape, true where the value is known after apply.
        path: attribute names.
    """
    for step in path.split("."):
        if unknown is True:
            return Unsaid.LATER
        values, unknown = _only(values), _only(unknown)
        if values is None and not unknown:
            return None
        inside = unknown.get(step) if isinstance(unknown, Mapping) else None
        known = isinstance(values, Mapping) and step in values
        if not known and not inside:
            return Unsaid.SILENT
        values, unknown = values[step] if known else None, inside
    return _settled(values, unknown)


def _only(block: Any) -> Any:
    """Return the object in a block of one; a block that is not there is null."""
    if not isinstance(block, list):
        return block
    return block[0] if len(block) == 1 else None


def _settled(values: Any, unknown: Any) -> Any:
    if unknown is True:
        return Unsaid.LATER
    return Part(_known(values, unknown)) if has_unknown(unknown) else values


def has_unknown(unknown: Any) -> bool:
    """Return whether anything in a value is known after apply."""
    if isinstance(unknown, Mapping):
        return any(has_unknown(entry) for entry in unknown.values())
    if isinstance(unknown, list):
        return any(has_unknown(entry) for entry in unknown)
    return unknown is True


def _known(values: Any, unknown: Any) -> Any:
    """Return a value without the entries that are known after apply."""
    if isinstance(values, list) and isinstance(unknown, list):
        pairs = zip(values, [*unknown, *[False] * len(values)], strict=False)
        return [_known(value, hole) for value, hole in pairs if hole is not True]
    if isinstance(values, Mapping) and isinstance(unknown, Mapping):
        return {
            k: _known(v, unknown.get(k)) for k, v in values.items() if unknown.get(k) is not True
        }
    return values
