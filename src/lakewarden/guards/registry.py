"""All guards, and what they say of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.estate.catalog import closure
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Need
from lakewarden.guards import (
    addresses,
    admins,
    aws,
    credentials,
    front_door,
    permanent,
    proofs,
)
from lakewarden.guards.guard import Given, Guard, Refusal
from lakewarden.plan.plan import Plan

GUARDS: Final[tuple[Guard, ...]] = tuple(
    module.GUARD for module in (addresses, admins, aws, credentials, front_door, permanent, proofs)
)


def refusals(given: Given) -> tuple[Refusal, ...]:
    """Return why a plan may not be carried out; nothing when it may."""
    return tuple(refusal for guard in GUARDS for refusal in _of(guard, given))


def _of(guard: Guard, given: Given) -> Iterator[Refusal]:
    """Yield what one guard refuses; one that cannot tell refuses what it had to look at."""
    if not guard.concerns(given.plan):
        return
    try:
        yield from guard.refuse(given)
    except UnreadError as error:
        address = next(c.address for c in given.plan.changes if guard.about(c))
        why = f"nobody can tell whom it shuts out: {error.gap}"
        yield Refusal(address, guard.name, why, "Make that readable, and plan anew")


def needs(plan: Plan | None = None) -> set[Need]:
    """Return what must be collected for the guards, or for those that look at a plan."""
    asked = (guard for guard in GUARDS if plan is None or guard.concerns(plan))
    return closure({need for guard in asked for need in guard.needs})
