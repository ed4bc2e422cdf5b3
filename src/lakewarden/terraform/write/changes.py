"""What a plan leaves behind, as things: each change laid over the thing as it was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from lakewarden.estate.record import Json
from lakewarden.plan.change import Action, Change, Target
from lakewarden.plan.paths import with_values
from lakewarden.plan.plan import Plan
from lakewarden.terraform.write.kinds import ROWS
from lakewarden.terraform.write.tables import as_wholes, is_part
from lakewarden.terraform.write.thing import WHOLE, Left, Thing, steps

_REMOVED: Final = "the plan removes it, and Terraform removes only what it manages"
_UNKNOWN: Final = "no resource is known for things of its kind"
_PART: Final = "the rest of it is not known: let the deployment be read, without --snapshot"


@dataclass(frozen=True, slots=True)
class Found:
    """The things of a deployment as they are, before a plan.

    Attributes:
        documents: whole documents, by what they are of.
        things: what a snapshot says of others, by kind, scope and key.
    """

    documents: Mapping[Target, Json]
    things: Mapping[tuple[str, str, str], Thing]

    def of(self, target: Target) -> Thing:
        """Return what is known of a thing; nothing when nothing is."""
        document = self.documents.get(target)
        if document is not None:
            return Thing(target.kind, target.scope, target.key, "", document)
        nothing = Thing(target.kind, target.scope, target.key, "", {}, frozenset())
        return self.things.get((target.kind, target.scope, target.key), nothing)


def wanted(plan: Plan) -> Iterator[Target]:
    """Yield what must be read to write a plan: what it changes, and what stands beside that."""
    for change in plan.changes:
        row = ROWS.get(change.target.kind)
        if row is not None and change.action is Action.UPDATE:
            yield change.target
            yield from (replace(change.target, kind=kind) for kind in row.beside)


def after(plan: Plan, found: Found) -> Iterator[Thing | Left]:
    """Yield what a plan changes, as it will be."""
    changes, wholes = as_wholes(plan.changes, found.things)
    yield from wholes
    for change in changes:
        yield _thing(change, found)


def no_resource_for(change: Change) -> str:
    """Return why a change is no resource, however much is known; empty where it is one."""
    target, row = change.target, ROWS.get(change.target.kind)
    if row is None:
        return _UNKNOWN
    if change.after is None:
        return "" if is_part(change) else _REMOVED
    thing = Thing(target.kind, target.scope, target.key, change.name, {})
    return row.refusal(replace(thing, before=dict(change.before or {})))


def _thing(change: Change, found: Found) -> Thing | Left:
    target = change.target
    row = ROWS.get(target.kind)
    if row is None:
        return Left(change.address, change.name, _UNKNOWN)
    if change.after is None:
        return Left(change.address, change.name, _REMOVED)
    if change.action is Action.CREATE:
        made = with_values({}, change.after)
        return Thing(target.kind, target.scope, target.key, change.name, made, exists=False)
    base = found.of(target)
    others = [found.of(replace(target, kind=kind)) for kind in row.beside]
    document = {k: v for other in others for k, v in other.document.items()} | dict(base.document)
    try:
        document = with_values(document, change.after)
    except KeyError:
        return Left(change.address, change.name, _PART)
    changed = {steps(place) for place in change.after}
    known = base.known.union(changed, *(other.known for other in others if not other.whole))
    if others and any(other.whole for other in others):
        known |= {(name,) for other in others for name in other.document}
    return Thing(
        target.kind,
        target.scope,
        target.key,
        change.name,
        document,
        WHOLE if base.whole else known,
        before=dict(change.before or {}),
        strict=True,
    )
