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
from lakewarden.controls.kit.subjects import place_of
from lakewarden.errors import UnknownControlError
from lakewarden.estate.account import Workspace
from lakewarden.estate.catalog import closure
from lakewarden.estate.kind import Need
from lakewarden.policyfile.policy import Policy


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


def chosen(policy: Policy) -> tuple[Control[Any], ...]:
    """Return the controls that a policy asks for anywhere.

    Raises:
        UnknownControlError: the policy names one that does not exist.
    """
    for identity in policy.include.controls:
        control(identity)
    everywhere = policy.every()
    return tuple(c for c in controls() if any(p.asks(c.id, c.postures) for p in everywhere))


def needs_of(selected: Iterable[Control[Any]], *, planning: bool = False) -> set[Need]:
    """Return all that must be collected to judge by some controls, and to plan with them."""
    more = (lambda c: c.plans_with) if planning else (lambda _: ())
    return closure({need for c in selected for need in (*c.needs, *more(c))})


def needs_at(policy: Policy, workspace: Workspace | None, *, planning: bool = False) -> set[Need]:
    """Return what must be collected in one workspace, or at account level; nothing it is left out.

    Controls of things outside workspaces may rest on what every workspace says.

    Args:
        policy: says which controls are asked for where.
        workspace: the workspace; None for account level.
        planning: what fails is to be planned for as well.
    """
    if workspace is None:
        return needs_of(chosen(policy), planning=planning)
    place = place_of(workspace)
    if policy.leaves_out(place.id, place.name):
        return set()
    here = policy.at(place)
    asked = [c for c in controls() if (here if c.subject.inside else policy).asks(c.id, c.postures)]
    return needs_of(asked, planning=planning)
