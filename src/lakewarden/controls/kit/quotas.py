"""Quotas of virtual processors: which there are, and what several controls ask of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.controls.kit.control import Context
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.rights import QUOTAS, Quota

_GRAPHICS: Final = frozenset({"G", "VT", "P", "P2", "P3", "P4", "P5", "P6"})


def is_graphics(quota: Quota) -> bool:
    """Return whether a quota is about machines with graphics processors.

    Raises:
        UnreadError: its name was not read.
    """
    return not _GRAPHICS.isdisjoint(quota.name.get().replace(",", " ").split())


def every_quota(at: Context) -> Iterator[Quota]:
    """Yield every quota of processors, on demand and spot, in the deployment's regions.

    Raises:
        UnreadError: some are missing; AWS always has one of each way for standard machines.
    """
    seen: dict[str, set[bool]] = {}
    for quota in at.estate.of(QUOTAS).each():
        name = quota.name.get()
        if "Standard" in name:
            seen.setdefault(quota.region, set()).add("Spot" in name)
        yield quota
    if not seen or any(ways != {True, False} for ways in seen.values()):
        detail = "no quota of standard machines, on demand and spot, in the answer"
        raise UnreadError(QUOTAS.gap(Cause.MISSING_FIELD, detail))
