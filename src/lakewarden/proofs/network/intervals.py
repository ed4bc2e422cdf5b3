"""Sets of whole numbers as spans: sorted, disjoint, never touching, so that equal sets are equal.

Every operation is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of a first and a last number, both belonging to the set."""


def spans(pairs: Iterable[tuple[int, int]]) -> Spans:
    """Return the set that pairs of a first and a last number make together."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if first > last:
            continue
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return tuple(out)


def union(a: Spans, b: Spans) -> Spans:
    """Return what is in either."""
    if not a or not b or a == b:
        return a or b
    return spans((*a, *b))


def meet(a: Spans, b: Spans) -> Spans:
    """Return what is in both."""
    out, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        first, last = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if first <= last:
            out.append((first, last))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def minus(a: Spans, b: Spans) -> Spans:
    """Return what is in the first alone."""
    out = []
    for first, last in a:
        start = first
        for low, high in b:
            if high < start:
                continue
            if low > last:
                break
            if low > start:
                out.append((start, low - 1))
            start = high + 1
        if start <= last:
            out.append((start, last))
    return tuple(out)


def within(a: Spans, b: Spans) -> bool:
    """Return whether the second holds all of the first."""
    return not minus(a, b)


def size(a: Spans) -> int:
    """Return how many numbers a set has."""
    return sum(last - first + 1 for first, last in a)
