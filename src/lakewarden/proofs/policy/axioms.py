"""Axioms: what holds of every request that AWS ever sees, so that a witness is one that it may see.

Sources: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference.
Only keys that somebody asks about are spoken of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lakewarden.proofs.facts.actions import catalogue
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
    forms_of,
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
_ALWAYS: Final = frozenset({"aws:resourceaccount"})
"""Beside the keys of which AWS says so outright: nearly every request has these."""
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
_SESSIONS: Final = Words((*ROLES.patterns, *forms_of(kind="guest").patterns))
"""Callers with temporary credentials and no others."""
_OWNERS: Final = Words((*ROLES.patterns, *USERS.patterns, *forms_of(kind="root").patterns))
"""Callers whose sessions say whether a second factor was shown."""
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
    calls = [n for n, k in keys.items() if k.startswith(("aws:calledvia", "kms:viaservice"))]
    via = is_in(_VIA, _YES)
    yield from (implies(present(name), via) for name in calls)
    if calls or _VIA in names or _is_placed(keys.values()):
        yield either(is_in(_VIA, _NO), both(via, is_of(IDENTITIES)))


def _shape(name: str, key: str) -> Iterator[Formula]:
    known = catalogue().key(key)
    if known is not None and known.sort == "bool":
        yield either(absent(name), is_in(name, TRUTHS))
    if key in _SHAPES:
        yield either(absent(name), is_in(name, _SHAPES[key]))
    if key in _ADDRESSES:
        yield _shaped(name)
    if key in _ALWAYS or (known is not None and known.always):
        yield present(name)


def _shaped(name: str) -> Formula:
    return either(absent(name), Lit(Atom(name, Reach.VALUE, Sort.ADDRESS, EVERYWHERE)))


def _caller(name: str, key: str) -> Iterator[Formula]:
    if key.startswith(_OF_IDENTITIES):
        yield implies(present(name), is_of(IDENTITIES))
    elif key in _OF_SERVICES:
        yield implies(present(name), is_of(SERVICES))
    elif key == "aws:tokenissuetime":
        yield implies(present(name), is_of(IDENTITIES))
        yield implies(is_of(_SESSIONS), present(name))
    elif key in {"aws:multifactorauthpresent", "aws:multifactorauthage"}:
        yield implies(present(name), is_of(_OWNERS))


def _network(names: frozenset[str], keys: dict[str, str]) -> Iterator[Formula]:
    """A request comes from a public address, or through an endpoint, or from within AWS."""
    if not _is_placed(keys.values()):
        return
    behind = sorted(name for name, key in keys.items() if key in BEHIND)
    brought = sorted({*_ENDPOINT, *({"aws:vpcsourceip"} & names)})
    yield _shaped(_ADDRESS)
    yield from (either(absent(key), is_in(key, _SHAPES[key])) for key in _ENDPOINT)
    open_air = both(present(_ADDRESS), *(absent(name) for name in behind))
    endpoint = both(absent(_ADDRESS), *(present(name) for name in brought))
    within = both(either(is_of(SERVICES), is_in(_VIA, _YES)), *(absent(name) for name in behind))
    yield either(open_air, endpoint, within)


def _is_placed(keys: Iterable[str]) -> bool:
    """Return whether somebody asks where a request comes from."""
    return any(key == _ADDRESS or key in BEHIND for key in keys)
