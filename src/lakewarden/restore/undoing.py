"""The plan that takes a restore back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from lakewarden.apply.hands.assets import ASSET
from lakewarden.plan.change import Attributes, Change
from lakewarden.plan.plan import Plan

_SECRET: Final = f"{ASSET}secret"


def inverse(
    plan: Plan, begun: Iterable[tuple[int, Attributes | None]]
) -> tuple[Plan, tuple[Change, ...]]:
    """Return the plan that takes changes back, and those that nothing takes back.

    What belongs to a thing that is removed again needs no change of its own; a secret has one, so
    that its scope goes only when no other is in it.

    Args:
        plan: what was carried out.
        begun: the number of each change that was begun, and what it found.
    """
    found = dict(begun)
    made = {plan.changes[n].address for n, before in found.items() if before is None}
    mine = {
        number: change
        for number in found
        if (change := plan.changes[number]).part_of not in made or change.target.kind == _SECRET
    }
    lasting = tuple(change for change in mine.values() if change.irreversible)
    addresses = {change.address for change in mine.values()}
    after: dict[str, list[str]] = defaultdict(list)
    for change in mine.values():
        for first in change.follows:
            if first in addresses:
                after[first].append(change.address)
    back = tuple(
        replace(change.taking_back(found[n]), follows=tuple(after[change.address]), part_of="")
        for n, change in sorted(mine.items(), reverse=True)
        if not change.irreversible
    )
    origin = "what was there is given back"
    return replace(plan, changes=back, manual=(), blocked=(), overridden=origin), lasting
