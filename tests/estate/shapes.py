"""Arbitrary JSON, and a record type with every form of field that records have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from lakewarden.estate.fact import Fact
from lakewarden.estate.record import Record, fact, key, record

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How to run properties: a busy machine makes no failure."""

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("--1")
JSON = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a thing."""

    name: str
    sizes: tuple[int, ...] = ()
    note: str | None = None


@record
class Thing(Record):
    """A thing with a field of every form."""

    id: str = key("meta.id")
    count: Fact[int] = fact("count")
    share: Fact[float] = fact("share")
    on: Fact[bool] = fact("deep.er.on")
    label: Fact[str | None] = fact("label", absent=None)
    tags: Fact[Mapping[str, str]] = fact("tags", absent={})
    parts: Fact[tuple[Part, ...]] = fact("parts", absent=())
    raw: Fact[Any] = fact("raw", absent=None)


PARTS = st.fixed_dictionaries(
    {"name": st.text(max_size=5)},
    optional={"sizes": st.lists(st.integers(), max_size=3), "note": st.none() | st.text()},
)
GOOD = st.fixed_dictionaries(
    {"meta": st.fixed_dictionaries({"id": st.text(max_size=5)})},
    optional={
        "count": st.integers(),
        "share": st.floats(allow_nan=False) | st.integers(-9, 9),
        "deep": st.fixed_dictionaries({"er": st.fixed_dictionaries({"on": st.booleans()})}),
        "label": st.none() | st.text(),
        "tags": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
        "parts": st.lists(PARTS, max_size=3),
        "raw": JSON,
        "unheard_of": JSON,
    },
)
"""Answers that are right as far as they go."""

ANY = st.fixed_dictionaries(
    {"meta": st.fixed_dictionaries({"id": st.text(max_size=5)})},
    optional=dict.fromkeys(["count", "share", "deep", "label", "tags", "parts", "raw"], JSON),
)
"""Answers whose fields may hold anything."""
