"""Frames from the action catalogue: actions that no policy tells apart are asked about once."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from lakewarden.proofs.facts.actions import ResourceType, Taken, catalogue
from lakewarden.proofs.facts.arns import ArnForm, Piece
from lakewarden.proofs.policy.formula import TRUE, Formula, Sort, both, contrary, is_in
from lakewarden.proofs.policy.frame import ACTION, MARK, RESOURCE, Frame, View, same_key
from lakewarden.proofs.policy.principals import with_account
from lakewarden.proofs.policy.scene import Layer, keys_of
from lakewarden.proofs.policy.statements import concerns
from lakewarden.proofs.words.language import Words
from lakewarden.proofs.words.pattern import (
    ANY,
    DIGIT,
    LABEL,
    LETTERS,
    NO_COLON,
    Chars,
    Pattern,
    Step,
    join,
    literal,
    some_of,
)

FUTURE: Final = "ActionOfTomorrow"
"""Stands for an action of a service that AWS may add and that no name but a wildcard meets."""
_SORTS: Final = {
    "number": Sort.NUMBER,
    "date": Sort.MOMENT,
    "ip": Sort.ADDRESS,
}
_GIVEN: Final = {
    ("ec2", "subnet"): frozenset({"ec2:vpc"}),
    ("ec2", "security-group"): frozenset({"ec2:vpc"}),
    ("ec2", "network-interface"): frozenset({"ec2:vpc"}),
    ("ec2", "image"): frozenset({"ec2:owner"}),
}
"""Keys that every request for a type of resource carries, where the action has them at all."""
_PLAIN: Final = Chars(frozenset("/:"), negated=True)
_ANYTHING: Final = Words((some_of(ANY),))
_OWN: Final = ("aws:resourcetag/", "aws:requesttag/", "aws:tagkeys", "aws:resourceaccount")


def frames_for(
    actions: Iterable[str],
    layers: Iterable[Layer],
    asked: Iterable[str] = (),
    *,
    types: Iterable[str] = (),
    partition: str = "aws",
) -> Iterator[Frame]:
    """Yield a frame for each kind of request that some actions can be.

    Args:
        actions: as `s3:GetObject`; `s3:` is whatever the catalogue does not list of a service,
            and `s3:*` is that and all that it lists.
        layers: the policies; two actions that they cannot tell apart share a frame.
        asked: condition keys that are asked about beside those of the policies.
        types: the types of resources that matter; none for all.
        partition: the partition of AWS.
    """
    statements = [s for layer in layers for d in layer.documents for s in d.statements]
    keys = keys_of(statements) | frozenset(asked)
    wanted = frozenset(types)
    ordered, seen = sorted({same_key(key) for key in keys}), set()
    for action in _spread(actions):
        told = tuple(concerns(statement, action) for statement in statements)
        carried = tuple(_carries(action, key) for key in ordered)
        for taken in _taken(action):
            name = taken.type if taken else ""
            if wanted and name and name not in wanted:
                continue
            kind = (action.partition(":")[0], action.endswith(":"), told, carried, name)
            if kind not in seen:
                seen.add(kind)
                yield frame_of(action, name, keys, partition=partition)


def _spread(actions: Iterable[str]) -> Iterator[str]:
    for action in actions:
        service, _, name = action.partition(":")
        if name != "*":
            yield action
            continue
        yield from (entry.name for entry in catalogue().actions(service).values())
        yield f"{service}:"


def _taken(action: str) -> tuple[Taken | None, ...]:
    known = catalogue().action(action)
    if known is None or not known.resources:
        return (None,)
    return known.resources


def frame_of(
    action: str,
    type_: str,
    keys: Iterable[str],
    mark: str = "",
    *,
    partition: str = "aws",
    region: str = "",
    account: str = "",
) -> Frame:
    """Return the frame of an action on a type of resource.

    Args:
        action: as `s3:GetObject`.
        type_: as the catalogue names it; empty for none.
        keys: the condition keys that are asked about.
        mark: what sets its variables apart in a request for several resources.
        partition: the partition of AWS that it lies in.
        region: where it lies; empty for anywhere.
        account: whose it is; empty for anybody's.
    """
    service = action.partition(":")[0]
    found = catalogue().resource(service, type_) if type_ else None
    many, sorts = set(), {}
    for key in keys:
        entry = catalogue().key(key)
        if entry is not None:
            if entry.many:
                many.add(same_key(key))
            if entry.sort in _SORTS:
                sorts[same_key(key)] = _SORTS[entry.sort]
    return Frame(
        action,
        shape_of(found.arn, partition, region, account) if found else _any_shape(action),
        many=frozenset(many),
        sorts=sorts,
        mark=f"{MARK}{mark}" if mark else "",
        own=functools.partial(_belongs, service),
        known=functools.partial(_carries, action),
        given=_GIVEN.get((service, type_), frozenset()),
        partition=partition,
        views=_views(found, f"{RESOURCE}{MARK}{mark}" if mark else RESOURCE),
    )


def _belongs(service: str, key: str) -> bool:
    """Return whether a key is about the resource rather than the request as a whole."""
    return key.startswith((*_OWN, f"{service}:"))


@functools.lru_cache(maxsize=65536)
def _carries(action: str, key: str) -> bool:
    """Return whether a request for an action may carry a key, by any of its names."""
    service = action.partition(":")[0]
    if service == "s3" and key.startswith("aws:resourcetag/"):
        return True  # tags of buckets decide since November 2025, and the catalogue may be older
    names = {key, key.replace("aws:resourcetag/", f"{service}:resourcetag/")}
    return any(catalogue().carries(action, name) is not False for name in names)


def unlisted(service: str) -> Formula:
    """Return the test that an action is one of a service that the catalogue does not list."""
    named = is_in(ACTION, Words(((*literal(f"{service}:"), *some_of(LETTERS)),)))
    known = tuple(literal(a.name.lower()) for a in catalogue().actions(service).values())
    return both(named, contrary(is_in(ACTION, Words(known)))) if known else named


def _any_shape(action: str) -> Words:
    """Return what stands for the resource of an action that has none, or is not known."""
    known = catalogue().action(action)
    return _ANYTHING if known is None else Words((literal("*"),))


def _views(found: ResourceType | None, variable: str) -> Mapping[str, View]:
    views: dict[str, View] = {}
    if found is not None and found.arn.account.hole:
        views["aws:resourceaccount"] = (TRUE, lambda words: is_in(variable, with_account(words)))
    if found is not None and found.arn.region.hole:
        views["aws:requestedregion"] = (TRUE, lambda words: is_in(variable, with_region(words)))
    return views


def with_region(words: Words) -> Words:
    """Return the ARNs whose region is one of some words."""
    any_text = (Step(NO_COLON, many=True),)
    rest = (Step(ANY, many=True),)
    return Words(
        tuple(
            join((literal("arn"), any_text, any_text, pattern, rest), literal(":"))
            for pattern in words.patterns
        )
    )


@functools.cache
def shape_of(form: ArnForm, partition: str, region: str = "", account: str = "") -> Words:
    """Return the ARNs of a form, of one region or account where these are given."""
    digits = literal(account) if account else (Step(DIGIT),) * 12
    resource = tuple(step for piece in form.resource for step in _rest(piece))
    fields = (
        literal("arn"),
        literal(partition),
        literal(form.service),
        _field(form.region, literal(region) if region else some_of(LABEL)),
        _field(form.account, digits),
        resource,
    )
    return Words((join(fields, literal(":")),))


def _field(piece: Piece, hole: Pattern) -> Pattern:
    return hole if piece.hole else literal(piece.text)


def _rest(piece: Piece) -> Pattern:
    if not piece.hole:
        return literal(piece.text)
    return some_of(_PLAIN if piece.plain else ANY)
