"""Regions that policies tell apart: one stands for all that they treat alike.

A request for several resources is made in one region, so that their ARNs share it. Every region
that some pattern names is tried, and one for each way in which patterns with wildcards can match.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Final

from lakewarden.proofs.words.language import TooHardError, Words, shortest
from lakewarden.proofs.words.pattern import LABEL, glob, literal, some_of, text_of
from lakewarden.semantics.iam_documents import Statement

_MOST: Final = 6
_REGION: Final = 3
_FIELDS: Final = 6
_KEYS: Final = frozenset({"aws:requestedregion", "ec2:region"})
_NAMES: Final = Words((some_of(LABEL),))


def regions_of(statements: Iterable[Statement]) -> list[str]:
    """Return regions such that every other one is treated like one of them.

    Raises:
        TooHardError: too many patterns of regions have wildcards.
    """
    patterns = sorted({text for statement in statements for text in _named(statement)} - {""})
    fixed = {text for text in patterns if text_of(glob(text)) is not None}
    open_ones = [Words((glob(text),)) for text in patterns if text not in fixed and text != "*"]
    if len(open_ones) > _MOST:
        raise TooHardError(f"more than {_MOST} patterns of regions")
    known = Words(tuple(literal(text) for text in sorted(fixed)))
    found = set(fixed)
    for signs in itertools.product((True, False), repeat=len(open_ones)):
        inside = frozenset(w for w, sign in zip(open_ones, signs, strict=True) if sign)
        outside = frozenset(w for w, sign in zip(open_ones, signs, strict=True) if not sign)
        word = shortest(inside | {_NAMES}, outside | {known})
        if word is not None:
            found.add(word)
    return sorted(found)


def _named(statement: Statement) -> Iterator[str]:
    arns = [*statement.resources, *statement.spared]
    for keys in statement.conditions.values():
        for key, values in keys.items():
            if key in _KEYS:
                yield from values
            arns += [value for value in values if value.startswith("arn:")]
    for arn in arns:
        fields = arn.split(":")
        if len(fields) >= _FIELDS:
            yield fields[_REGION]
        elif len(fields) == _REGION + 1:
            yield f"{fields[_REGION]}*"
