"""What conditions ask of a request, as terms, with every doubt taken one way or the other.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Multivalued context keys",
"IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final, TypeVar

from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.request import ARN, Wire, is_kind
from lakewarden.proofs.oracle.use import Operator, OracleError, canonical, has_many

_Read = TypeVar("_Read")
_ORDER: Final = {
    "equals": "=",
    "lessthan": "<",
    "lessthanequals": "<=",
    "greaterthan": ">",
    "greaterthanequals": ">=",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test stands.

    Attributes:
        wire: the request.
        part: the resource that it is about.
        holes: `${...}` stands for something else here.
        lenient: what nobody can say counts as holding; else as not.
        wide: a star in the pattern of a resource runs past the fields of its ARN.
    """

    wire: Wire
    part: str
    holes: bool
    lenient: bool
    wide: bool

    def flipped(self) -> Place:
        """Return the place inside a negation, where a doubt counts for the other side."""
        return replace(self, lenient=not self.lenient)

    @property
    def doubt(self) -> str:
        """Return the term of what nobody can say."""
        return t.TRUE if self.lenient else t.FALSE


def holds(written: str, key: str, values: Sequence[str], place: Place) -> str:
    """Return the term that a test of a condition holds.

    Raises:
        OracleError: it is no test.
    """
    operator, key = Operator.of(written), canonical(key)
    slots = place.wire.slots(key, place.part)
    here = place.wire.has(key, place.part)
    if operator.family == "null":
        wanted = {"true": t.no(here), "false": here}
        if any(value.lower() not in wanted for value in values):
            raise OracleError("Null is neither true nor false")
        return t.either(*(wanted[value.lower()] for value in values))
    if not operator.quantifier and has_many(key) and here != t.FALSE:
        return place.doubt
    inner = place.flipped() if operator.negated else place

    def matches(value: str) -> str:
        return t.either(*(_matches(operator, value, one, inner) for one in values))

    def right(value: str) -> str:
        return t.no(matches(value)) if operator.negated else matches(value)

    if operator.quantifier == "forall" or (not operator.quantifier and operator.negated):
        term = t.both(*(t.either(t.no(p), right(v)) for p, v in slots))
    else:
        term = t.either(*(t.both(p, right(v)) for p, v in slots))
    return t.either(t.no(here), term) if operator.if_exists else term


def _matches(operator: Operator, value: str, wanted: str, place: Place) -> str:
    if operator.family == "ipaddress":
        return _network(value, wanted)
    if operator.family in {"numeric", "date"}:
        read = _number if operator.family == "numeric" else moment
        return t.call(_ORDER[operator.test], value, t.number(_read(read, wanted)))
    if operator.family in {"bool", "binary"}:
        return t.equal(value, t.text(wanted.lower() if operator.family == "bool" else wanted))
    if operator.family == "arn":
        return _arn(value, wanted, place)
    return _text(operator, value, wanted, place)


def _text(operator: Operator, value: str, wanted: str, place: Place) -> str:
    parts = t.tokens(wanted, holes=place.holes)
    if operator.test != "like":
        parts = [p if p.kind in {"text", "hole"} else _plain(p) for p in parts]
    if any(part.kind == "hole" for part in parts):
        return filled(value, parts, place) if operator.test != "equalsignorecase" else place.doubt
    if operator.test == "equalsignorecase":
        return t.is_like(value, t.any_case("".join(part.text for part in parts)))
    return like(value, parts)


def _plain(token: t.Token) -> t.Token:
    return t.Token("text", "*" if token.kind == "star" else "?")


def like(value: str, parts: Sequence[t.Token]) -> str:
    """Return the term that a text has a pattern without holes."""
    if all(part.kind == "text" for part in parts):
        return t.equal(value, t.text("".join(part.text for part in parts)))
    return t.is_like(value, t.wildcards(parts))


def filled(value: str, parts: Sequence[t.Token], place: Place) -> str:
    """Return the term that a text has a pattern with holes, exactly where that can be said.

    That is where nothing but texts and holes stand before a star at the end, if there is one.
    """
    *head, last = parts
    open_end = last.kind == "star"
    whole = head if open_end else list(parts)
    keys = [canonical(part.text) for part in whole if part.kind == "hole"]
    known = t.both(*(place.wire.has(key, place.part) for key in keys))
    perhaps = t.is_like(value, t.wildcards(parts)) if place.lenient else t.FALSE
    simple = all(part.kind in {"text", "hole"} for part in whole)
    if not simple or any(has_many(key) or "," in key for key in keys):
        return perhaps
    made = [
        t.text(part.text)
        if part.kind == "text"
        else place.wire.slots(canonical(part.text), place.part)[0][1]
        for part in whole
    ]
    full = t.concat(*made)
    exact = t.call("str.prefixof", full, value) if open_end else t.equal(value, full)
    return t.either(t.both(known, exact), t.both(t.no(known), perhaps))


def _arn(value: str, wanted: str, place: Place) -> str:
    parts = t.tokens(wanted, holes=place.holes)
    regex = t.fields(wanted, holes=place.holes)
    if regex is None or any(part.kind == "hole" for part in parts):
        return t.is_like(value, t.wildcards(parts)) if place.lenient else t.FALSE
    if value != ARN:
        return t.is_like(value, regex)
    return t.either(
        *(
            t.both(is_kind(kind), t.by_fields(fields, wanted, holes=place.holes))
            for kind, fields in place.wire.callers()
        )
    )


def _network(value: str, wanted: str) -> str:
    network = _read(lambda text: ipaddress.ip_network(text, strict=False), wanted)
    first = int(network.network_address) + ((1 << 32) if network.version == 6 else 0)  # noqa: PLR2004  # IPv6
    return t.call("<=", str(first), value, str(first + network.num_addresses - 1))


def _read(read: Callable[[str], _Read], wanted: str) -> _Read:
    try:
        return read(wanted.strip())
    except (ValueError, ZeroDivisionError) as error:
        raise OracleError(str(error)) from None


def _number(wanted: str) -> Fraction:
    return Fraction(wanted)


def moment(wanted: str) -> Fraction:
    """Read a time, ISO 8601 or seconds since 1970.

    Raises:
        ValueError: it is neither.
    """
    if len(wanted) > len("2026") and wanted.lstrip("-").replace(".", "", 1).isdigit():
        return Fraction(wanted)
    when = datetime.fromisoformat(wanted)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return Fraction(when.timestamp())
