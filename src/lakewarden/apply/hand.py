"""`Hand`: how the things of one resource kind are read, made, changed and removed."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from lakewarden.apply.doors import Doors
from lakewarden.plan.change import Target

Json = Mapping[str, Any]


class Hand:
    """The base of all hands; one that cannot make or remove things leaves that method alone.

    Everything is found by its target, so that a run that was cut off can be taken up anew: what a
    hand makes, `read` must find by the same target. Each method makes one call that changes
    something, so that no thing is ever left half changed.

    Attributes:
        kind: the resource kind.
        calls: the calls that it makes, as the references of the platforms write them.
    """

    kind: str
    calls: tuple[str, ...]

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the whole thing as it is now, None when it is not there.

        Raises:
            CallFailedError: it cannot be read.
        """
        raise NotImplementedError

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Turn what was found into what is wanted.

        Raises:
            CallFailedError: the call failed.
        """
        raise NotImplementedError(f"{self.kind} cannot be changed")

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Make the thing.

        Raises:
            CallFailedError: the call failed.
        """
        raise NotImplementedError(f"{self.kind} cannot be made")

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Remove the thing.

        Raises:
            CallFailedError: the call failed.
        """
        raise NotImplementedError(f"{self.kind} cannot be removed")

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:  # noqa: ARG002  # for those that need to know where
        """Return whether two values mean the same at a path."""
        return bool(_plain(found) == _plain(wanted))


@functools.cache
def hands() -> Mapping[str, Hand]:
    """Return the hands by resource kind: every module under `hands` has some."""
    package = importlib.import_module("lakewarden.apply.hands")
    found: dict[str, Hand] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for hand in importlib.import_module(module.name).HANDS:
            found[hand.kind] = hand
    return found


def _plain(value: Any) -> Any:
    """Return a value without what makes no difference: order of words, and empty for absent."""
    if isinstance(value, list | tuple):
        entries = [_plain(entry) for entry in value]
        words = all(isinstance(entry, str) for entry in entries)
        return (sorted(entries) if words else entries) or None
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if _plain(v) is not None} or None
    return None if value == "" else value
