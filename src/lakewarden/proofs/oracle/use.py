"""How a claim uses condition keys: under which names, as what, and with how many values.

Source: IAM User Guide, "Condition operators", "Multivalued context keys"; the keys that two names
have come from the Service Authorization Reference.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.oracle.terms import tokens
from lakewarden.proofs.policy.scene import Claim
from lakewarden.semantics.iam_documents import Statement

_OPERATOR: Final = re.compile(
    r"(?:(forany|forall)values?:)?"
    r"(?:(string|arn|numeric|date|bool|binary|null)(not)?"
    r"(equals|like|equalsignorecase|lessthan|lessthanequals|greaterthan|greaterthanequals|)"
    r"|(not)?(ipaddress))(ifexists)?"
)
_TESTS: Final = {
    "string": frozenset({"equals", "like", "equalsignorecase"}),
    "arn": frozenset({"equals", "like"}),
    "binary": frozenset({"equals"}),
    "bool": frozenset({""}),
    "null": frozenset({""}),
    "ipaddress": frozenset({""}),
}
"""What each family tests, where it does not put values in order."""
_ALSO: Final = {
    "s3:resourceaccount": "aws:resourceaccount",
    "ec2:region": "aws:requestedregion",
    "kms:calleraccount": "aws:principalaccount",
}
_NUMBERS: Final = {"numeric": "Real", "date": "Real", "ipaddress": "Int"}


class OracleError(ValueError):
    """A claim that this oracle does not read."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator taken apart.

    Attributes:
        family: `string`, `arn`, `numeric`, `date`, `bool`, `binary`, `null` or `ipaddress`.
        test: `equals`, `like`, `lessthan`, …
        negated: it has `Not` in its name.
        quantifier: `forany`, `forall` or empty.
        if_exists: it ends in IfExists.
    """

    family: str
    test: str
    negated: bool
    quantifier: str
    if_exists: bool

    @classmethod
    def of(cls, written: str) -> Operator:
        """Read an operator.

        Raises:
            OracleError: there is none of this name.
        """
        found = _OPERATOR.fullmatch(written.lower())
        if found is None:
            raise OracleError(f"{written} is no operator")
        quantifier, family, inner, test, outer, network, exists = found.groups()
        family = family or network
        known = _TESTS.get(family)
        ordered = known is None and test not in {"", "like", "equalsignorecase"}
        if not (ordered or (known and (test or "") in known)):
            raise OracleError(f"{written} is no operator")
        if inner and not _may_negate(family, test):
            raise OracleError(f"{written} is no operator")
        return cls(family, test or "", bool(inner or outer), quantifier or "", bool(exists))


def _may_negate(family: str, test: str) -> bool:
    return family in {"string", "arn"} or (family in {"numeric", "date"} and test == "equals")


def canonical(key: str) -> str:
    """Return the one name of a key: what a service repeats under a name of its own is the same."""
    key = key.lower()
    service, _, rest = key.partition(":")
    if rest.startswith("resourcetag/") and catalogue().service(service):
        return f"aws:{rest}"
    return _ALSO.get(key, key)


def has_many(key: str) -> bool:
    """Return whether one request may carry several values of a key."""
    known = catalogue().key(key)
    return known is not None and known.many


@dataclass(frozen=True, slots=True)
class Use:
    """How keys are used.

    Attributes:
        sorts: what the values of a key are, by its name: `String`, `Real` or `Int`.
        slots: how many values are enough to tell all requests apart that a claim tells apart.
    """

    sorts: dict[str, str]
    slots: dict[str, int]


def use_of(claim: Claim) -> Use:
    """Return how a claim uses keys.

    Each test by ForAnyValue or ForAllValues that has to hold or to fail asks for one value at
    most that is thus and so, and forbids others. If a request with many values meets all that is
    asked, so does one with a value kept for each test: what is forbidden stays forbidden. One more
    stands for presence. So this number of values is exact, and no bound.

    Raises:
        OracleError: an operator is none, or a key is compared as two sorts of value.
    """
    sorts: dict[str, set[str]] = defaultdict(set)
    slots: dict[str, int] = defaultdict(lambda: 1)
    for statement in statements(claim):
        for written, tests in statement.conditions.items():
            operator = Operator.of(written)
            for key, values in tests.items():
                own = canonical(key)
                if operator.family != "null":
                    sorts[own].add(_NUMBERS.get(operator.family, "String"))
                slots[own] += has_many(own) and bool(operator.quantifier)
                for value in values:
                    _holes(value, sorts)
        for pattern in (*statement.resources, *statement.spared):
            _holes(pattern, sorts)
    mixed = sorted(key for key, found in sorts.items() if len(found) > 1)
    if mixed:
        raise OracleError(f"{mixed[0]} is compared as two sorts of value")
    return Use({key: next(iter(found)) for key, found in sorts.items()}, dict(slots))


def _holes(value: str, sorts: dict[str, set[str]]) -> None:
    for token in tokens(value, holes=True):
        if token.kind == "hole" and "," not in token.text:
            sorts[canonical(token.text)].add("String")


def statements(claim: Claim) -> Iterator[Statement]:
    """Yield every statement of a claim and its policies."""
    yield from claim.where
    yield from claim.never
    for part in claim.parts:
        yield from part.where
    for layer in (*claim.layers, *claim.unlike):
        for document in layer.documents:
            yield from document.statements
