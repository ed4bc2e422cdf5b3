"""Estates with holes: what was read is true, and something is missing."""

from __future__ import annotations

from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, scope_of
from lakewarden.estate.kind import status_of
from lakewarden.estate.snapshot import Header, MemorySnapshot


def cut_short(name, cause=Cause.TIMEOUT, **kinds):
    """Return an estate in which the list called `name` broke off after what is given of it."""
    whole = given(**kinds)
    kind = KINDS[name]
    records = tuple(whole.collection(kind, scope_of(kind)).seen())
    gap = kind.gap(cause, "page 2")
    header = Header(name, scope_of(kind), status_of(gap, len(records)), gap, len(records))
    collections = {
        (h.kind, h.scope): (h, tuple(whole.collection(KINDS[h.kind], h.scope).seen()))
        for h in whole.headers()
    }
    return MemorySnapshot(whole.meta, {**collections, (name, header.scope): (header, records)})
