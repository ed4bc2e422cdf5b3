"""Axioms: what holds of every request that AWS ever sees, so that a witness is one that it may see.

Sources: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference.
Only keys that somebody asks about are spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lakewarden.proofs.policy.formula import (
    Atom,
    Formula,
    Lit,
    Reach,
    Sort,
    absent,
    both,
    either,
    implies,
    is_in,
    present,
)
from lakewarden.proofs.policy.frame import MARK
from lakewarden.proofs.policy.principals import (
    IDENTITIES,
    ROLES,
    SERVICES,
    USERS,
    is_of,
)
from lakewarden.proofs.words.language import Words
from lakewarden.proofs.words.pattern import ANY, DIGIT, LABEL, Step, literal, some_of
from lakewarden.proofs.words.ranges import EVERYWHERE

TRUTHS: Final = Words((literal("true"), literal("false")))
_YES: Final = Words((literal("true"),))
_NO: Final = Words((literal("false"),))
_ADDRESS: Final = "aws:sourceip"
_VIA: Final = "aws:viaawsservice"
_ENDPOINT: Final = ("aws:sourcevpc", "aws:sourcevpce")
BEHIND: Final = frozenset(
    {
        *_ENDPOINT,
        *("aws:sourcevpcarn", "aws:vpcsourceip", "aws:vpceaccount"),
        *("aws:vpceorgid", "aws:vpceorgpaths"),
    }
)
"""Keys of requests through a VPC endpoint, and of no others."""
_ALWAYS: Final = frozenset(
    {"aws:securetransport", _VIA, "aws:requestedregion", "aws:resourceaccount"}
)
_TRUTH_KEYS: Final = frozenset(
    {
        *("aws:securetransport", _VIA, "aws:multifactorauthpresent"),
        *("kms:grantisforawsresource", "kms:bypasspolicylockoutsafetycheck"),
        *("ec2:isspot", "ec2:encrypted"),
    }
)
_ADDRESSES: Final = frozenset({_ADDRESS, "aws:vpcsourceip"})
_ACCOUNTS: Final = Words(((Step(DIGIT),) * 12,))
_SHAPES: Final = {
    "aws:resourceaccount": _ACCOUNTS,
    "aws:vpceaccount": _ACCOUNTS,
    "aws:sourceaccount": _ACCOUNTS,
    "aws:sourcevpc": Words(((*literal("vpc-"), *some_of(LABEL)),)),
    "aws:sourcevpce": Words(((*literal("vpce-"), *some_of(LABEL)),)),
    "aws:requestedregion": Words((some_of(LABEL),)),
    "ec2:owner": Words(((Step(DIGIT),) * 12, literal("amazon"), literal("aws-marketplace"))),
    "ec2:vpc": Words(((*literal("arn:aws"), *some_of(ANY), *literal(":vpc/"), *some_of(LABEL)),)),
}
"""What the values of keys look like; loosely, as a policy may name ids of any length."""
_OF_IDENTITIES: Final = ("aws:principaltag/", "aws:principalorg", "aws:sourceidentity")
_OF_SERVICES: Final = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid"})


def axioms(asked: Iterable[str]) -> Iterator[Formula]:
    """Yield what holds of every request.

    Args:
        asked: the variables that formulas are about.
    """
    names = frozenset(asked)
    keys = {name: name.partition(MARK)[0] for name in names}
    for name, key in sorted(keys.items()):
        yield from _shape(name, key)
        yield from _caller(name, key)
    yield from _network(names, keys)
    if _calls := [n for n, k in keys.items() if k.startswith(("aws:calledvia", "kms:viaservice"))]:
        via = is_in(_VIA, _YES)
        yield from (implies(present(name), via) for name in _calls)
        yield either(via, is_in(_VIA, _NO))


def _shape(name: str, key: str) -> Iterator[Formula]:
    if key in _TRUTH_KEYS:
        yield either(absent(name), is_in(name, TRUTHS))
    if key in _SHAPES:
        yield either(absent(name), is_in(name, _SHAPES[key]))
    if key in _ADDRESSES:
        yield _shaped(name)
    if key in _ALWAYS:
        yield present(name)


def _shaped(name: str) -> Formula:
    return either(absent(name), Lit(Atom(name, Reach.VALUE, Sort.ADDRESS, EVERYWHERE)))


def _caller(name: str, key: str) -> Iterator[Formula]:
    if key.startswith(_OF_IDENTITIES):
        yield implies(present(name), is_of(IDENTITIES))
    elif key == "aws:username":
        yield implies(present(name), is_of(USERS))
    elif key in _OF_SERVICES:
        yield implies(present(name), is_of(SERVICES))
    elif key in {"aws:tokenissuetime", "aws:multifactorauthpresent", "aws:multifactorauthage"}:
        yield implies(present(name), is_of(Words((*ROLES.patterns, *USERS.patterns))))


def _network(names: frozenset[str], keys: dict[str, str]) -> Iterator[Formula]:
    """A request comes from a public address, or through an endpoint, or from within AWS."""
    behind = sorted(name for name, key in keys.items() if key in BEHIND)
    if not behind and _ADDRESS not in names:
        return
    yield _shaped(_ADDRESS)
    yield from (either(absent(key), is_in(key, _SHAPES[key])) for key in _ENDPOINT)
    open_air = both(present(_ADDRESS), *(absent(name) for name in behind))
    endpoint = both(absent(_ADDRESS), *(present(name) for name in _ENDPOINT))
    within = both(either(is_of(SERVICES), is_in(_VIA, _YES)), *(absent(name) for name in behind))
    yield either(open_air, endpoint, within)
    yield either(is_in(_VIA, _NO), both(is_in(_VIA, _YES), is_of(IDENTITIES)))
