"""Who works and who stands by: one workspace is fenced, and the other one is let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lakewarden.apply.hands.assets import ASSET
from lakewarden.assets.canonical import text
from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.clients.failure import CallFailedError
from lakewarden.plan.change import Change
from lakewarden.plan.paths import path
from lakewarden.restore.passive import held_back
from lakewarden.restore.planner import Fate, Judged
from lakewarden.restore.target import TargetWorkspace

Json = Mapping[str, Any]
TO_DO = (
    "Point DNS names, stable URLs, and what people and tools use, at the workspace that works now",
    "Point producers and consumers of data at its buckets and tables",
    "Check that it can reach what jobs need: networks, private links, secrets, Git credentials",
    "Back it up from now on, and sync the other way once the other one is there again",
)
"""What no API does, in the order in which people should do it."""


def fence(workspace: TargetWorkspace) -> tuple[list[Change], list[str]]:
    """Return the changes after which nothing in a workspace starts by itself.

    Returns:
        The changes, and what could not be looked at.
    """
    changes: list[Change] = []
    unseen: list[str] = []
    for kind in kinds().values():
        if not kind.pauses or kind.update is None:
            continue
        try:
            keys = [held.key for held in workspace.catalogue.all(kind.name)]
        except CallFailedError as error:
            unseen.append(f"{kind.title}: {error}")
            continue
        for (_, key), found in workspace.read([(kind.name, key, False) for key in keys]).items():
            if found.problem:
                unseen.append(f"{kind.name} {key}: {found.problem}")
            elif found.document is not None:
                spec: Json = found.document.get("spec") or {}
                changes += _pausing(workspace, kind, key, spec, held_back(kind, spec))
    return changes, unseen


def let_go(judged: Iterable[Judged]) -> Iterator[Judged]:
    """Yield judged assets so that only what was held back is changed, and what waited is made.

    Whatever else differs in the standby stays as it is: this is no time for other changes.
    """
    for one in judged:
        kind = kinds().get(one.wanted.kind)
        if one.fate is Fate.CREATE or kind is None:
            yield one
        elif one.fate in {Fate.UPDATE, Fate.DIFFERENT}:
            changes = [narrow for c in one.changes if (narrow := _only_pauses(kind, c))]
            fate = Fate.UPDATE if changes else Fate.UNCHANGED
            yield Judged(one.wanted, fate, changes, notes=one.notes)
        else:
            yield one


def _pausing(
    workspace: TargetWorkspace, kind: Kind, key: str, before: Json, after: Json
) -> Iterator[Change]:
    names = [n for n in after if text(before.get(n)) != text(after.get(n))]
    if names:
        yield Change(
            workspace.thing(ASSET, kind.name, key),
            key,
            {path("spec", name): before.get(name) for name in names},
            {path("spec", name): after.get(name) for name in names},
        )


def _only_pauses(kind: Kind, change: Change) -> Change | None:
    """Return a change with nothing but what would start its asset; None when that is nothing."""
    if not change.target.kind.startswith(ASSET) or change.before is None or change.after is None:
        return None
    fields = {
        path("spec", pause.place.partition(".")[0].removesuffix("[]")) for pause in kind.pauses
    }
    before = {place: value for place, value in change.before.items() if place in fields}
    after = {place: value for place, value in change.after.items() if place in fields}
    return replace(change, before=before, after=after) if after else None
