"""A plan as people read it: a diff in the manner of Terraform, each change with its reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from lakewarden.plan.change import Action, Change
from lakewarden.plan.paths import shown
from lakewarden.plan.plan import Plan

_SIGNS: Final = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}


def described(plan: Plan) -> Iterator[str]:
    """Yield the lines of a plan."""
    for change in plan.changes:
        yield from _change(change)
        yield ""
    for entry in plan.manual:
        yield f"! {entry.reason.control} ({entry.reason.name}): by hand"
        yield f"    do: {entry.do}"
        yield f"    verify: {entry.verify}"
        yield ""
    for blocked in plan.blocked:
        yield f"? {blocked.reason.control} ({blocked.reason.name}): not planned: {blocked.why}"
    yield summary(plan)


def summary(plan: Plan) -> str:
    """Return a plan in one line."""
    counts = dict.fromkeys(Action, 0)
    for change in plan.changes:
        counts[change.action] += 1
    text = (
        f"Plan: {counts[Action.CREATE]} to add, {counts[Action.UPDATE]} to change, "
        f"{counts[Action.DELETE]} to remove"
    )
    extras = [(len(plan.manual), "by hand"), (len(plan.blocked), "not planned")]
    return "; ".join([text, *(f"{n} {what}" for n, what in extras if n)]) + "."


def _change(change: Change) -> Iterator[str]:
    yield f"{_SIGNS[change.action]} {change.address}" + (
        f"  # {change.name}" if change.name and change.name != change.target.key else ""
    )
    before, after = change.before or {}, change.after or {}
    for place in dict.fromkeys([*before, *after]):
        old, new = before.get(place), after.get(place)
        if old != new:
            yield from _value(shown(place), old, new)
    for reason in change.reasons:
        yield f"    because {reason.control} ({', '.join(reason.paper)}) fails for {reason.name}"
    for proof in change.proofs:
        said = f": {proof.detail}" if proof.detail else ""
        yield f"    {proof.outcome}: {proof.claim}{said}"
    if change.restart:
        yield f"    restart: {change.restart}"
    if change.permanent:
        yield "    PERMANENT: the platform never lets anybody switch this off again"
    for place, value in change.instead.items():
        if before.get(place) is None and not change.irreversible:
            yield f"    undo leaves {shown(place)} = {_text(value)}: nothing can unset it"
    if change.irreversible:
        yield f"    cannot be undone: {change.irreversible}"


def _value(name: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, list | tuple | None) and isinstance(new, list | tuple):
        gone = [e for e in old or () if e not in new]
        come = [e for e in new if e not in (old or ())]
        yield f"    ~ {name}:"
        yield from (f"        - {_text(entry)}" for entry in gone)
        yield from (f"        + {_text(entry)}" for entry in come)
    elif old is None:
        yield f"    + {name}: {_text(new)}"
    elif new is None:
        yield f"    - {name}: {_text(old)}"
    else:
        yield f"    ~ {name}: {_text(old)} -> {_text(new)}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
