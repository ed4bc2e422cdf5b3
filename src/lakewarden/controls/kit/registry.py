"""Finding the controls: every module on a shelf that has a `CONTROL`."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any

import lakewarden.controls
from lakewarden.controls.kit.control import Control
from lakewarden.errors import UnknownControlError
from lakewarden.estate.catalog import closure
from lakewarden.estate.kind import Need
from lakewarden.policyfile.policy import Posture


@functools.cache
def controls() -> tuple[Control[Any], ...]:
    """Return every control, in order of the paper's sections."""
    found = []
    package = lakewarden.controls
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.ispkg or ".kit." in module.name:
            continue
        found.append(importlib.import_module(module.name).CONTROL)
    return tuple(sorted(found, key=lambda c: (c.paper[0], c.id)))


def control(identity: str) -> Control[Any]:
    """Return one control.

    Raises:
        UnknownControlError: there is none of that id.
    """
    by_id = {c.id: c for c in controls()}
    if identity in by_id:
        return by_id[identity]
    close = difflib.get_close_matches(identity, by_id, 1)
    hint = f"Did you mean {close[0]}?" if close else "`lakewarden controls` lists them"
    raise UnknownControlError(f"no control is called {identity!r}", next_step=hint)


def chosen(posture: Posture, only: Iterable[str] = ()) -> tuple[Control[Any], ...]:
    """Return the controls that a posture asks for, or just those named.

    Raises:
        UnknownControlError: a name is no control.
    """
    named = tuple(dict.fromkeys(control(identity) for identity in only))
    return named or tuple(c for c in controls() if posture in c.postures)


def needs_of(selected: Iterable[Control[Any]]) -> set[Need]:
    """Return all that must be collected for some controls."""
    return closure({need for c in selected for need in c.needs})
