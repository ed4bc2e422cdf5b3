"""What holds of every request that AWS may see, whatever the policies say.

Sources: IAM User Guide, "AWS global condition context keys" (when each key is there); Service
Authorization Reference (kinds of values). Of keys that nobody asks for nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.request import SIGNED, Wire, is_kind

_OPEN_AIR: Final = "aws:sourceip"
_THROUGH: Final = ("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip")
_PERHAPS: Final = ("aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths")
_VIA: Final = "aws:viaawsservice"
_ALWAYS: Final = frozenset({"aws:resourceaccount"})
_GIVEN: Final = {
    "ec2:vpc": frozenset({"subnet", "security-group", "network-interface"}),
    "ec2:owner": frozenset({"image"}),
}
_WORDS: Final = {
    "aws:resourceaccount": t.DIGITS,
    "aws:vpceaccount": t.DIGITS,
    "aws:sourceaccount": t.DIGITS,
    "aws:sourcevpc": t.in_row(t.exactly("vpc-"), t.some(t.LABEL)),
    "aws:sourcevpce": t.in_row(t.exactly("vpce-"), t.some(t.LABEL)),
    "aws:requestedregion": t.some(t.LABEL),
    "ec2:owner": t.one_of(t.DIGITS, t.exactly("amazon"), t.exactly("aws-marketplace")),
    "ec2:vpc": t.in_row(
        t.exactly("arn:aws"), t.some(t.ANY), t.exactly(":vpc/"), t.some(t.LABEL)
    ),
}  # fmt: skip
_LAST_ADDRESS: Final = (1 << 32) + (1 << 128) - 1


def truths(wire: Wire) -> Iterator[str]:
    """Yield what holds of a request, after all of its keys have been asked for."""
    yield _callers(wire)
    keys = {key for key, _ in wire.asked}
    if keys & {_OPEN_AIR, *_THROUGH, *_PERHAPS}:
        yield _way(wire, keys)
    if any(key.startswith("aws:calledvia") or key == "kms:viaservice" for key in keys):
        wire.slots(_VIA, next(iter(wire.types)))
    for (key, part), slots in tuple(wire.asked.items()):
        here = t.either(*(present for present, _ in slots))
        yield from _presence(wire, key, wire.types.get(part, ""), here)
        for present, value in slots:
            yield from (t.call("=>", present, rule) for rule in _shape(wire, key, value))


def _callers(wire: Wire) -> str:
    action = wire.action.lower()
    if action in {"sts:assumerolewithsaml", "sts:assumerolewithwebidentity"}:
        return is_kind("provider")
    known = t.no(is_kind("provider"))
    return t.both(known, t.no(is_kind("nobody"))) if action.startswith("sts:") else known


def _presence(wire: Wire, key: str, type_: str, here: str) -> Iterator[str]:
    carried = catalogue().carries(wire.action, key) is not False
    if carried and is_always(key):
        yield here
    if carried and type_ in _GIVEN.get(key, ()) and wire.action.startswith("ec2:"):
        yield here
    signed = is_kind(*SIGNED)
    if key.startswith(("aws:principaltag/", "aws:principalorg", "aws:sourceidentity")):
        yield t.call("=>", here, signed)
    elif key in {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid"}:
        yield t.call("=>", here, is_kind("service"))
    elif key == "aws:tokenissuetime":
        yield t.call("=>", here, signed)
        yield t.call("=>", is_kind("role", "guest"), here)
    elif key in {"aws:multifactorauthpresent", "aws:multifactorauthage"}:
        yield t.call("=>", here, is_kind("root", "user", "role"))
    elif key.startswith("aws:calledvia") or key == "kms:viaservice":
        yield t.call("=>", here, _is_via(wire))


def is_always(key: str) -> bool:
    """Return whether every request has a key; what the caller is says the caller."""
    known = catalogue().key(key)
    always = known is not None and known.always and not key.startswith("aws:principal")
    return always or key in _ALWAYS


def _shape(wire: Wire, key: str, value: str) -> Iterator[str]:
    sort = wire.use.sorts.get(key, "String")
    known = catalogue().key(key)
    if sort == "Int":
        yield t.call("<=", "0", value, str(_LAST_ADDRESS))
    if sort != "String":
        return
    if key in _WORDS:
        yield t.is_like(value, _WORDS[key])
    if known is not None and known.sort == "bool":
        yield t.either(t.equal(value, '"true"'), t.equal(value, '"false"'))
    if key == _VIA:
        yield t.call("=>", t.equal(value, '"true"'), is_kind(*SIGNED))


def _is_via(wire: Wire) -> str:
    ((_, value),) = wire.slots(_VIA, next(iter(wire.types)))
    return t.equal(value, '"true"')


def _way(wire: Wire, keys: set[str]) -> str:
    """Return that a request comes from an address, or through an endpoint, or from within AWS."""
    part = next(iter(wire.types))
    address = wire.has(_OPEN_AIR, part)
    through = [wire.has(key, part) for key in _THROUGH if key in keys]
    perhaps = [wire.has(key, part) for key in _PERHAPS if key in keys]
    outside = t.both(*map(t.no, (*through, *perhaps)))
    within = t.either(is_kind("service"), _is_via(wire))
    return t.either(
        t.both(address, outside), t.both(t.no(address), *through), t.both(within, outside)
    )
