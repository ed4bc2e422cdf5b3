"""Workspaces drawn from a seed: some of every kind, with references and access lists."""

from __future__ import annotations

from contextlib import suppress

from lakewarden.simulate.generated.draw import Draw
from lakewarden.simulate.generated.families import FAMILIES
from lakewarden.simulate.web import Seed
from lakewarden.simulate.world import SeedError

__all__ = ["generate"]


def generate(seed: Seed, number: int, count: int) -> None:
    """Put about ``count`` objects into a workspace; they follow from ``number`` alone.

    There is at least one of each kind. Kinds come in the order in which they refer to each other.
    What the rules of a world refuse (a Git host that is not on its list) is left out.
    """
    draw = Draw(seed, number)
    whole = sum(family.weight for family in FAMILIES)
    for family in FAMILIES:
        wanted = round(count * family.weight / whole)
        for place in range(min(max(wanted, 1), family.most)):
            with suppress(SeedError):
                family.make(draw, place)
