"""What nobody can take back is done only when it is asked for in so many words.

The plan leaves such changes out by itself; this holds for plans that were made with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.guards.guard import Given, Guard, Refusal

NAME: Final = "permanent"


def _refuse(given: Given) -> Iterator[Refusal]:
    for change in given.plan.changes:
        if change.permanent and not given.allow_permanent:
            why = "the platform never lets anybody switch this off again"
            yield Refusal(change.address, NAME, why, _step("--allow-permanent"))
        elif change.irreversible and not (change.permanent or given.allow_irreversible):
            why = f"it cannot be undone: {change.irreversible}"
            yield Refusal(change.address, NAME, why, _step("--allow-irreversible"))


def _step(option: str) -> str:
    return f"Leave it out with --exclude-control when planning, or give {option}"


GUARD: Final = Guard(NAME, _refuse, lambda change: change.permanent or bool(change.irreversible))
