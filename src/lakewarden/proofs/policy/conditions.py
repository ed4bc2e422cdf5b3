"""Conditions: what each operator asks of a key, as a formula.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context
keys". A positive operator fails without its key, a negated one holds; IfExists holds; ForAnyValue
fails without values, ForAllValues holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from lakewarden.proofs.policy.formula import (
    FALSE,
    TRUE,
    Atom,
    Formula,
    Lit,
    Reach,
    Sort,
    both,
    contrary,
    either,
)
from lakewarden.proofs.policy.frame import Frame, same_key
from lakewarden.proofs.words.language import NOTHING, Words
from lakewarden.proofs.words.pattern import Pattern, arn_glob, exact, glob, literal
from lakewarden.proofs.words.ranges import Ranges, above, address_span, below, moment_of, number_of

_VARIABLE: Final = re.compile(r"\$\{([^}*?$][^}]*)\}")
_ARN_FIELDS: Final = 5
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
_READ: Final[Mapping[str, Callable[[str], Pattern]]] = {
    "stringequals": exact,
    "stringequalsignorecase": lambda text: exact(text, case=False),
    "stringlike": glob,
    "arnequals": arn_glob,
    "arnlike": arn_glob,
    "bool": lambda text: literal(text.lower()),
    "binaryequals": literal,
}
_Span = Callable[[Fraction], tuple[Fraction | None, Fraction | None]]
_ORDER: Final[Mapping[str, _Span]] = {
    "equals": lambda value: (value, value),
    "lessthan": lambda value: (None, below(value)),
    "lessthanequals": lambda value: (None, value),
    "greaterthan": lambda value: (above(value), None),
    "greaterthanequals": lambda value: (value, None),
}


class ConditionError(ValueError):
    """A condition that is no condition: an unknown operator, or a value of another sort."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator in its parts.

    Attributes:
        base: its positive form in lower case, `stringlike` of StringNotLike.
        negated: it asks for the contrary.
        quantifier: `any` or `all` for keys with several values, empty for none.
        if_exists: it holds when the key is absent.
    """

    base: str
    negated: bool
    quantifier: str
    if_exists: bool

    @classmethod
    def of(cls, text: str) -> Operator:
        """Read an operator.

        Raises:
            ConditionError: there is none of this name.
        """
        name = text.lower()
        quantifier = ""
        for prefix, short in (("foranyvalue:", "any"), ("forallvalues:", "all")):
            if name.startswith(prefix):
                name, quantifier = name.removeprefix(prefix), short
        bare = name.removesuffix("ifexists")
        base = _NEGATED.get(bare, bare)
        ordered = base.startswith(("numeric", "date"))
        if ordered and base.removeprefix("numeric").removeprefix("date") not in _ORDER:
            raise ConditionError(f"there is no operator {text}")
        if not ordered and base not in _READ and base not in {"null", "ipaddress"}:
            raise ConditionError(f"there is no operator {text}")
        return cls(base, bare in _NEGATED, quantifier, name != bare)


def condition(
    text: str, key: str, values: tuple[str, ...], frame: Frame, *, variables: bool
) -> Formula:
    """Return what a test of a condition asks.

    Args:
        text: the operator.
        key: the key in lower case.
        values: what it is compared with.
        frame: the request so far.
        variables: whether `${...}` in values stands for something else.

    Raises:
        ConditionError: it is no condition.
    """
    operator = Operator.of(text)
    if operator.base == "null":
        return _null(key, values, frame)
    if frame.has_many(key) and not frame.is_view(key):
        return _many(operator, key, values, frame, variables=variables)
    test = _member(operator, key, values, frame, variables=variables)
    here = frame.has(key)
    wanted = contrary(test) if operator.negated else test
    if operator.quantifier == "any":
        wanted = both(here, wanted)
    if operator.if_exists or operator.quantifier == "all":
        wanted = either(contrary(here), wanted)
    return wanted


def _null(key: str, values: tuple[str, ...], frame: Frame) -> Formula:
    here = frame.has(key)
    asked = {value.lower() for value in values}
    if not asked <= {"true", "false"}:
        raise ConditionError(f"Null of {key} is neither true nor false")
    return either(contrary(here) if "true" in asked else FALSE, here if "false" in asked else FALSE)


def _many(
    operator: Operator, key: str, values: tuple[str, ...], frame: Frame, *, variables: bool
) -> Formula:
    if not operator.quantifier:
        reason = f"{key} has several values, and no ForAnyValue or ForAllValues says how to look"
        return Lit(Atom(key, Reach.MAYBE, reason=reason))
    test = _member(operator, key, values, frame, variables=variables)
    if not isinstance(test, Lit) or test.atom.reach is not Reach.VALUE:
        return Lit(Atom(key, Reach.MAYBE, reason=f"{key} is compared with another key"))
    some = Lit(replace(test.atom, reach=Reach.SOME))
    some_not = Lit(replace(test.atom, reach=Reach.SOME_NOT))
    if operator.quantifier == "all":
        return contrary(some) if operator.negated else contrary(some_not)
    wanted: Formula = some_not if operator.negated else some
    return either(contrary(frame.has(key)), wanted) if operator.if_exists else wanted


def _member(
    operator: Operator, key: str, values: tuple[str, ...], frame: Frame, *, variables: bool
) -> Formula:
    """Return the test that the key has one of the values."""
    if operator.base in _READ:
        return _words(operator.base, key, values, frame, variables=variables)
    sort, ranges = _ranges(operator.base, key, values)
    if frame.is_view(key):
        value = frame.constant(key)
        if value is None:
            return FALSE
        read = {Sort.NUMBER: number_of, Sort.MOMENT: moment_of}.get(sort)
        number = read(value) if read else address_span(value)[0]
        return TRUE if number in ranges else FALSE
    return Lit(Atom(frame.variable(same_key(key)), Reach.VALUE, sort, ranges))


def _ranges(base: str, key: str, values: tuple[str, ...]) -> tuple[Sort, Ranges]:
    try:
        if base == "ipaddress":
            return Sort.ADDRESS, Ranges(tuple(address_span(value) for value in values))
        span = _ORDER[base.removeprefix("numeric").removeprefix("date")]
        if base.startswith("date"):
            return Sort.MOMENT, Ranges(tuple(span(moment_of(value)) for value in values))
        return Sort.NUMBER, Ranges(tuple(span(number_of(value)) for value in values))
    except ValueError as error:
        raise ConditionError(f"{key}: {error}") from None


def _words(
    base: str, key: str, values: tuple[str, ...], frame: Frame, *, variables: bool
) -> Formula:
    parts: list[Formula] = []
    sure: list[Pattern] = []
    perhaps: list[Pattern] = []
    reasons: list[str] = []
    for value in values:
        found = _VARIABLE.findall(value) if variables else []
        if found:
            equal = _equal(base, key, value, frame)
            if equal is not None:
                parts.append(equal)
                continue
            perhaps.append(glob(_VARIABLE.sub("*", value)))
            reasons.append(f"{value} depends on another key")
        elif base.startswith("arn") and value.count(":") < _ARN_FIELDS:
            perhaps.append(glob(value))
            reasons.append(f"{value} is no ARN")
        else:
            sure.append(_READ[base](value))
    if sure or perhaps:
        tight = Words(tuple(sure)) if sure else NOTHING
        loose = Words((*sure, *perhaps)) if perhaps else None
        parts.append(frame.member(key, tight, loose=loose, reason="; ".join(reasons)))
    return either(*parts)


def _equal(base: str, key: str, value: str, frame: Frame) -> Formula | None:
    """Return the test that a key equals another one, if that is all that a value says."""
    whole = _VARIABLE.fullmatch(value)
    if whole is None or base != "stringequals":
        return None
    other = whole[1].strip().lower()
    settled = frame.constant(other)
    if settled is not None:
        return frame.member(key, Words((literal(settled),)))
    mine = frame.constant(key)
    if mine is not None:
        return frame.member(other, Words((literal(mine),)))
    if frame.is_view(key) or frame.is_view(other) or frame.has_many(key):
        return None
    names = frame.variable(same_key(key)), frame.variable(same_key(other))
    same = Lit(Atom(names[0], Reach.SAME, other=names[1]))
    lost = Lit(Atom(names[1], Reach.MAYBE, reason=f"{value} stands for nothing"))
    there = frame.has(other)
    return either(both(there, same), both(contrary(there), lost))
