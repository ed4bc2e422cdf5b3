"""The order of changes: each after those that it follows, and otherwise as they came."""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.plan.change import Change


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes in an order in which they can be made.

    Raises:
        ValueError: some wait for each other.
    """
    waiting = {change.address: change for change in changes}
    made: dict[str, Change] = {}
    while waiting:
        ready = [c for c in waiting.values() if not any(a in waiting for a in c.follows)]
        if not ready:
            raise ValueError(f"these changes wait for each other: {', '.join(waiting)}")
        first = ready[0]
        made[first.address] = waiting.pop(first.address)
    return tuple(made.values())
