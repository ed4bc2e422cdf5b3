"""Wishes that isolate what a metastore holds and bind it to the workspaces that it is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.sensitive import is_sensitive
from lakewarden.controls.kit.unity_subjects import metastore_of
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.unity import Binding
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import CannotPlanError, Wish

Bound = Mapping[int, str]
"""Types of bindings by workspace; empty where the service did not say, which is the usual one."""
_USUAL: Final = "BINDING_TYPE_READ_WRITE"
_MODE: Final = "/isolation_mode"


def by_workspace(bindings: Iterable[Binding]) -> dict[int, str]:
    """Return bindings by the workspace that they bind."""
    return {binding.workspace_id: binding.binding_type for binding in bindings}


def meant_for(bound: Bound, here: Workspace, at: Context, *, everywhere: bool) -> Bound:
    """Return the workspaces that something sensitive is for.

    Args:
        bound: what it is bound to now.
        here: a workspace with its metastore.
        at: the context.
        everywhere: every workspace of the metastore can use it now, whatever it is bound to.

    Raises:
        UnreadError: the tags of workspaces, or their metastores, were not read.
        CannotPlanError: nobody said which workspaces are sensitive, or none of them is.
    """
    if not at.policy.sensitive_tags:
        if bound:
            return bound
        raise CannotPlanError(
            "nobody says which workspaces it is for: name the tags of workspaces for sensitive "
            "data in data.sensitive_tags of lakewarden.toml"
        )
    sensitive = [w for w in at.estate.of(WORKSPACES).each() if is_sensitive(w, at)]
    kept = {w.id: bound.get(w.id, "") for w in sensitive if w.id in bound}
    if everywhere or not kept:
        mine = metastore_of(here, at.estate)
        others = [w for w in sensitive if w.id not in kept]
        kept |= {w.id: "" for w in others if metastore_of(w, at.estate) == mine}
    if not kept:
        raise CannotPlanError(
            "no workspace with its metastore carries the tags of data.sensitive_tags in "
            "lakewarden.toml, so it would be bound to none"
        )
    return kept


def isolation(
    thing: tuple[str, str], modes: tuple[str, str], now: Bound, wanted: Bound, here: Workspace
) -> Iterable[Wish]:
    """Wish that something is isolated, and bound first.

    Args:
        thing: its kind, `catalog`, and its name.
        modes: its isolation now, and the one that is wanted.
        now: what is known to be bound; a workspace that is bound already is left alone.
        wanted: the workspaces that are to use it.
        here: a workspace that shows it; where it will not, another one is gone through.
    """
    kind, name = thing
    scope = f"workspace/{here.id if here.id in wanted else min(wanted)}"
    binding = Target("workspace_bindings", scope, f"{kind}/{name}")
    before = {_place(w): _entry(w, now[w]) if w in now else None for w in {*now, *wanted}}
    edits = {
        _place(w): _entry(w, now.get(w) or wanted[w]) if w in wanted else None
        for w in sorted({*now, *wanted})
    }
    yield Wish(binding, name, before, edits)
    edited, target = {_MODE: modes[1]}, Target(kind, scope, name)
    yield Wish(target, name, {_MODE: modes[0]}, edited, follows=(binding,))


def _place(workspace: int) -> str:
    return path("bindings", f"[workspace_id={workspace}]")


def _entry(workspace: int, binding: str) -> dict[str, Any]:
    return {"workspace_id": workspace, "binding_type": binding or _USUAL}
