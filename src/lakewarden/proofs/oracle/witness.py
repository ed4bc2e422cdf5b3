"""Requests as values of a text's variables, and back."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.conditions import moment
from lakewarden.proofs.oracle.request import (
    ACCOUNT,
    ACTION,
    NAME,
    SESSION,
    Wire,
    is_kind,
)
from lakewarden.proofs.oracle.truths import is_always
from lakewarden.proofs.oracle.use import canonical
from lakewarden.proofs.policy.scene import Request

Value = str | bool | Fraction
Values = Mapping[str, Value]
_V6: Final = 1 << 32
_PEOPLE: Final = re.compile(
    r"arn:(?P<partition>aws[\w-]*):(?:iam|sts)::(?P<account>\d{12}):"
    r"(?:(?P<root>root)|(?P<kind>user|role|federated-user)/(?P<name>.+))",
    re.DOTALL,
)
_KINDS: Final = {"user": "user", "role": "role", "federated-user": "guest"}


def pins(wire: Wire, requests: Mapping[str, Request]) -> Iterator[str]:
    """Yield what makes a text speak of given requests alone.

    Args:
        wire: its variables.
        requests: one for each resource, by its mark.
    """
    first = next(iter(requests.values()))
    yield from _caller(first.principal, wire.partition)
    if wire.is_open:
        yield t.equal(ACTION, t.text(first.action.lower()))
    yield t.equal(SESSION, t.text(first.session))
    for part, request in requests.items():
        yield t.equal(wire.resource(part), t.text(request.resource))
    held = {
        part: {canonical(k): v for k, v in one.context.items()} for part, one in requests.items()
    }
    for (key, part), slots in wire.asked.items():
        values = held.get(part, held[next(iter(held))]).get(key, ())
        if not values and (is_always(key) or key == "aws:tokenissuetime"):
            continue  # whoever has to have it has it; nobody asked, so any value will do
        if len(values) > len(slots):
            yield t.FALSE
        sort = wire.use.sorts.get(key, "String")
        for place, (here, value) in enumerate(slots):
            if place < len(values):
                yield t.both(here, t.equal(value, _literal(sort, key, values[place])))
            else:
                yield t.no(here)


def _caller(word: str, partition: str) -> Iterator[str]:
    if word == "anonymous":
        yield is_kind("nobody")
        return
    found = _PEOPLE.fullmatch(word)
    if found is None:
        kind, _, name = word.partition(":")
        yield is_kind("service" if kind == "service" else "provider")
        yield t.equal(NAME, t.text(name))
        return
    yield is_kind("root" if found["root"] else _KINDS[found["kind"]])
    yield t.equal(t.text(partition), t.text(found["partition"]))
    yield t.equal(ACCOUNT, t.text(found["account"]))
    if found["name"]:
        yield t.equal(NAME, t.text(found["name"]))


def _literal(sort: str, key: str, value: str) -> str:
    if sort == "Int":
        address = ipaddress.ip_address(value)
        return str(int(address) + (_V6 if address.version == 6 else 0))  # noqa: PLR2004  # IPv6
    if sort == "Real":
        return t.number(moment(value) if _is_time(key) else Fraction(value))
    return t.text(value)


def _is_time(key: str) -> bool:
    known = catalogue().key(key)
    return known is not None and known.sort == "date"


def requests_of(wire: Wire, values: Values) -> tuple[Request, ...]:
    """Return the requests that values of the variables describe."""
    kind = str(values["|caller.kind|"]).removeprefix("kind-")
    caller = _word(kind, wire.partition, values)
    session = str(values.get(SESSION, "")) if kind == "role" else ""
    return tuple(
        Request(
            str(values.get(ACTION, wire.action)),
            "".join(str(values.get(piece, piece.strip('"'))) for piece in wire.laid[part]),
            caller,
            session,
            dict(sorted((_repeated(kind, caller, values) | _held(wire, part, values)).items())),
        )
        for part in wire.types
    )


def _word(kind: str, partition: str, values: Values) -> str:
    head = f"arn:{partition}"
    account, name = values[ACCOUNT], values[NAME]
    return {
        "root": f"{head}:iam::{account}:root",
        "user": f"{head}:iam::{account}:user/{name}",
        "role": f"{head}:iam::{account}:role/{name}",
        "guest": f"{head}:sts::{account}:federated-user/{name}",
        "service": f"service:{name}",
        "provider": f"federated:{name}",
        "nobody": "anonymous",
    }[kind]


def _repeated(kind: str, caller: str, values: Values) -> dict[str, tuple[str, ...]]:
    """Return the keys that say who calls."""
    if kind == "provider":
        return {}
    if kind == "nobody":
        return {"aws:principaltype": ("Anonymous",), "aws:principalaccount": ("anonymous",)}
    if kind == "service":
        name = str(values[NAME])
        return {"aws:principalisawsservice": ("true",), "aws:principalservicename": (name,)}
    types = {"root": "Account", "user": "User", "role": "AssumedRole", "guest": "FederatedUser"}
    named = {"aws:username": (caller.rpartition("/")[2],)} if kind == "user" else {}
    return {
        "aws:principalarn": (caller,),
        "aws:principalaccount": (str(values[ACCOUNT]),),
        "aws:principaltype": (types[kind],),
        "aws:principalisawsservice": ("false",),
        **named,
    }


def _held(wire: Wire, part: str, values: Values) -> dict[str, tuple[str, ...]]:
    """Return the keys of the variables."""
    found: dict[str, tuple[str, ...]] = {}
    for (key, at), slots in wire.asked.items():
        told = key.startswith(("aws:principal", "aws:username"))
        own = key.startswith(("aws:principaltag/", "aws:principalorg"))
        if at not in {"", part} or (told and not own):
            continue
        texts = [
            _text(wire, key, values[value])
            for here, value in slots
            if here == t.TRUE or values.get(here)
        ]
        if texts:
            found[key] = tuple(dict.fromkeys(texts))
    return found


def _text(wire: Wire, key: str, value: Value) -> str:
    sort = wire.use.sorts.get(key, "String")
    if not isinstance(value, Fraction):
        return str(value)
    if sort == "Int":
        number = int(value)
        v6 = number >= _V6
        return str(ipaddress.IPv6Address(number - _V6) if v6 else ipaddress.IPv4Address(number))
    if _is_time(key):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(value))).isoformat()
    return str(value.numerator) if value.denominator == 1 else str(float(value))
