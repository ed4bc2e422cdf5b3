"""Claims as SMT-LIB 2: a text that a solver can satisfy if, and only if, a claim can be refuted.

It is made from the statements of the policies and from AWS's documentation alone. Nothing of the
engine is in it: no automata, no demands, no frames. Doubts are read in two ways: `lenient` takes
each for the worse, so that texts without solution are a proof; without it, each counts for the
better, so that a solution is a witness. Stars in resources have two readings: a proof needs each of
them to have no solution, a witness is one of both together.
Actions are no variables: each one that a claim speaks of has a text, and equal texts are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.callers import meant, of_account
from lakewarden.proofs.oracle.conditions import Place, filled, holds, like
from lakewarden.proofs.oracle.request import ACTION, KINDS, SIGNED, Wire, is_kind
from lakewarden.proofs.oracle.truths import truths
from lakewarden.proofs.oracle.use import statements, use_of
from lakewarden.proofs.policy.scene import ANYONE, Claim, Layer, partition_of
from lakewarden.semantics.iam_documents import Statement

_SHARED: Final = frozenset({
    "subnet", "security-group", "image", "snapshot",
    "placement-group", "capacity-reservation", "dedicated-host",
})  # fmt: skip
_HEAD: Final = (
    "(set-logic ALL)",
    "(declare-datatypes ((Kind 0)) (("
    + " ".join(f"(kind-{kind})" for kind in KINDS)
    + ")))",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of request that a claim speaks of, as a text.

    Attributes:
        wire: the request and its variables.
        body: what the solver has to satisfy, one assertion each.
    """

    wire: Wire
    body: tuple[str, ...]

    def script(self, *pinned: str) -> str:
        """Return the text, with more that has to hold."""
        declared = (f"(declare-const {n} {s})" for n, s in sorted(self.wire.declared.items()))
        asserted = (f"(assert {term})" for term in (*self.body, *pinned) if term != t.TRUE)
        return "\n".join((*_HEAD, *declared, *asserted, "(check-sat)", ""))


def questions(claim: Claim, *, lenient: bool) -> Iterator[Question]:
    """Yield the texts of a claim, each once.

    Args:
        claim: the claim.
        lenient: doubts count for whoever wants to refute it.

    Raises:
        OracleError: a policy has a condition that is none, or a statement that names nobody.
    """
    use, seen = use_of(claim), set()
    for action, types in _cases(claim):
        for readings in ((True,), (False,)) if lenient else ((True, False),):
            wire = Wire(action, types, use, _partition(claim))
            made = _question(claim, wire, readings, lenient=lenient)
            key = made.script()
            if key not in seen:
                seen.add(key)
                yield made


def question_of(claim: Claim, action: str, types: dict[str, str], *, wide: bool) -> Question:
    """Return the lenient text for one action on resources of given types, by their marks."""
    wire = Wire(action, types, use_of(claim), _partition(claim))
    return _question(claim, wire, (wide,), lenient=True)


def _partition(claim: Claim) -> str:
    return partition_of(statements(claim))


def _question(claim: Claim, wire: Wire, readings: tuple[bool, ...], *, lenient: bool) -> Question:
    asked: list[str] = []
    for wide in readings:
        asked += _contradiction(claim, wire, lenient=lenient, wide=wide)
    _together(wire, claim.home)
    if any(not (layer.names_callers or layer.members) for layer in claim.layers):
        # A policy that names nobody is an identity's own.
        asked.append(is_kind(*SIGNED, "provider"))
    facts = tuple(truths(wire))
    return Question(wire, (*wire.rules, *facts, *asked))


def _contradiction(claim: Claim, wire: Wire, *, lenient: bool, wide: bool) -> list[str]:
    """Return what holds of requests that contradict a claim, in one reading of stars."""
    asked, admitted, before = [], [], []
    own = {f"#{part.type}": part.where for part in claim.parts}
    for part in wire.types:
        yes = Place(wire, part, holes=False, lenient=lenient, wide=wide)
        asked += [about(s, yes) for s in (*claim.where, *own.get(part, ()))]
        asked += [t.no(about(s, yes.flipped())) for s in claim.never]
        side = yes.flipped() if claim.every else yes
        admitted += [_admits(layer, side) for layer in claim.layers]
        before += [_admits(layer, yes.flipped()) for layer in claim.unlike]
    whole = t.both(*admitted)
    asked.append(t.no(whole) if claim.every else whole)
    if claim.unlike:
        asked.append(t.no(t.both(*before)))
    return asked


def _together(wire: Wire, home: str) -> None:
    """A request for several resources goes to one region, and what cannot be shared is one's own.

    Source: AWS Resource Access Manager User Guide, "Shareable AWS resources"; the EC2 User Guide on
    images and snapshots that are shared.
    """
    if "" in wire.types:
        return
    values = [wire.slots("aws:requestedregion", part)[0][1] for part in wire.types]
    wire.rules += [t.equal(values[0], value) for value in values[1:]]
    for part, type_ in wire.types.items():
        if home and type_ not in _SHARED:
            ((_, account),) = wire.slots("aws:resourceaccount", part)
            wire.rules.append(t.equal(account, t.text(home)))


def _cases(claim: Claim) -> Iterator[tuple[str, dict[str, str]]]:
    for action in claim.actions:
        service, _, name = action.partition(":")
        if claim.parts:
            yield action, {f"#{part.type}": part.type for part in claim.parts}
            continue
        named = [a.name for a in catalogue().actions(service).values()] if name == "*" else []
        for one in (*named, f"{service}:") if name == "*" else (action,):
            known = catalogue().action(one)
            types = [taken.type for taken in known.resources] if known else []
            for type_ in types or [""]:
                if not (claim.types and type_ and type_ not in claim.types):
                    yield one, {"": type_}


def _admits(layer: Layer, place: Place) -> str:
    allowed = [t.TRUE if layer.refuses_only else _trusted(layer)]
    refused: list[str] = []
    for document in layer.documents:
        for statement in document.statements:
            side = place if statement.allows else place.flipped()
            at = replace(side, holes=document.has_variables)
            term = about(statement, at, own=layer.names_callers)
            if layer.names_callers:
                term = t.both(meant(statement, at), term)
            (allowed if statement.allows else refused).append(term)
    verdict = t.both(t.either(*allowed), *map(t.no, refused))
    if layer.endpoint:
        ((here, value),) = place.wire.slots("aws:sourcevpce", place.part)
        verdict = t.either(t.no(t.both(here, t.equal(value, t.text(layer.endpoint)))), verdict)
    if layer.members:
        members = t.either(*map(of_account, sorted(layer.members)))
        verdict = t.either(t.no(members), verdict)
    return verdict


def _trusted(layer: Layer) -> str:
    if ANYONE in layer.trusted:
        return t.TRUE
    return t.either(*map(of_account, sorted(layer.trusted)))


def about(statement: Statement, place: Place, *, own: bool = False) -> str:
    """Return the term that a statement is about the request, whoever calls.

    Args:
        statement: the statement.
        place: where it stands.
        own: it belongs to a resource, and is about that one where it names none.
    """
    acts = _acts(statement, place.wire)
    if acts == t.FALSE:
        return t.FALSE
    tests = (
        holds(operator, key, values, place)
        for operator, keys in statement.conditions.items()
        for key, values in keys.items()
    )
    unnamed = own and not statement.resources and not statement.spared
    return t.both(acts, t.TRUE if unnamed else _resource(statement, place), *tests)


def _acts(statement: Statement, wire: Wire) -> str:
    spared = statement.spared_actions
    named = t.either(*(_action(p, wire) for p in spared or statement.actions))
    return t.no(named) if spared else named


def _action(pattern: str, wire: Wire) -> str:
    """Return the term that a pattern, of any case, names the action."""
    if wire.is_open:
        return like(ACTION, t.tokens(pattern.lower(), holes=False))
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    found = re.fullmatch("".join(parts), wire.action, re.IGNORECASE)
    return t.TRUE if found else t.FALSE


def _resource(statement: Statement, place: Place) -> str:
    if statement.spared:
        inner = place.flipped()
        return t.no(t.either(*(_names(p, inner) for p in statement.spared)))
    return t.either(*(_names(pattern, place) for pattern in statement.resources))


def _names(pattern: str, place: Place) -> str:
    """Return the term that a pattern names the resource.

    A star may end at the next colon of the ARN or run beyond it: the documentation says both.
    """
    if pattern == "*":
        return t.TRUE
    symbol, fields = place.wire.resource(place.part), place.wire.fields(place.part)
    parts = t.tokens(pattern, holes=place.holes)
    if any(part.kind == "hole" for part in parts):
        return filled(symbol, parts, place)
    if fields and t.is_plain(pattern):
        return t.by_fields(fields, pattern, holes=place.holes)
    if place.wide:
        return like(symbol, parts)
    if fields and pattern.count(":") >= t.FIELDS - 1:
        return t.by_fields(fields, pattern, holes=place.holes)
    narrow = t.fields(pattern, holes=place.holes) or t.wildcards(parts, t.NO_COLON)
    return t.is_like(symbol, narrow)
