"""Three-valued conditions: met, not met, or unknown, each with its evidence.

A check builds one condition out of smaller ones. What is certainly wrong wins over what is not
known, and what is not known wins over what is right; so a failed call can spoil a PASS and can
never make one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from lakewarden.estate.fact import Cause, Fact, Gap, UnreadError
from lakewarden.ledger.finding import Evidence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of one requirement.

    Attributes:
        met: True, False, or None when it is not known.
        evidence: the facts that it rests on.
        reasons: why it is not met, in words.
        gaps: what could not be read.
    """

    met: bool | None
    evidence: tuple[Evidence, ...] = ()
    reasons: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The question does not arise for this subject."""

    reason: str
    evidence: tuple[Evidence, ...] = ()


Judgement = Condition | NotApplicable
Lazy = Condition | Callable[[], Condition]


def expect(fact: Fact[T], test: Callable[[T], bool], *, expected: str, otherwise: str) -> Condition:
    """Require something of a fact.

    Args:
        fact: what was read.
        test: whether the value is right.
        expected: what is right, in words, for the evidence.
        otherwise: what a wrong value means, in words; `{value}` stands for it.
    """
    if fact.gap is not None:
        return unknown(fact.gap, field=fact.field, expected=expected)
    value = fact.get()
    try:
        met = test(value)
    except ValueError as error:  # a value that cannot be read is no answer
        return unknown(fact.odd(error), field=fact.field, expected=expected)
    return observe(
        met,
        Evidence(fact.source, fact.field, _shown(value), expected),
        otherwise=otherwise.replace("{value}", str(value)),
    )


def observe(met: bool, *evidence: Evidence, otherwise: str) -> Condition:  # noqa: FBT001  # the condition itself
    """State a condition that was worked out from several facts."""
    return Condition(met, evidence, () if met else (otherwise,))


def holds(*evidence: Evidence) -> Condition:
    """State that a condition is met."""
    return Condition(True, evidence)  # noqa: FBT003  # the condition's state


def violated(otherwise: str, *evidence: Evidence) -> Condition:
    """State that a condition is not met, and what that means."""
    return Condition(False, evidence, (otherwise,))  # noqa: FBT003  # the condition's state


def unknown(gap: Gap, *, field: str = "", expected: str = "") -> Condition:
    """State that a condition is not known."""
    return Condition(None, (Evidence(gap.source, field, str(gap.cause), expected),), (), (gap,))


def settle(condition: Lazy) -> Condition:
    """Evaluate a condition; a fact that it could not read makes it unknown."""
    if isinstance(condition, Condition):
        return condition
    try:
        return condition()
    except UnreadError as error:
        return unknown(error.gap, expected="an answer")


def all_of(*conditions: Lazy) -> Condition:
    """Require every condition. One that is not met decides, whatever else is unknown."""
    settled = [settle(c) for c in conditions]
    met = False if any(c.met is False for c in settled) else _certain(settled)
    return _join(met, settled)


def any_of(*conditions: Lazy) -> Condition:
    """Require one condition. One that is met decides, whatever else is unknown."""
    settled: list[Condition] = []
    for condition in conditions:
        settled.append(settle(condition))
        if settled[-1].met:
            return settled[-1]
    met = None if any(c.met is None for c in settled) else False
    return _join(met, settled)


def _certain(settled: Iterable[Condition]) -> bool | None:
    return None if any(c.met is None for c in settled) else True


def _join(met: bool | None, settled: list[Condition]) -> Condition:  # noqa: FBT001  # the joint state
    return Condition(
        met,
        tuple(e for c in settled for e in c.evidence),
        () if met else tuple(r for c in settled for r in c.reasons),
        () if met else tuple(dict.fromkeys(g for c in settled for g in c.gaps)),
    )


def disabled(gap: Gap) -> bool:
    """Return whether a gap means that the tier lacks the feature."""
    return gap.cause is Cause.DISABLED


def _shown(value: Any) -> Any:
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, list | tuple):
        return [_shown(entry) for entry in value]
    return str(value)
