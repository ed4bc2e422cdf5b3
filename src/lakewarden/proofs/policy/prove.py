"""`prove`: an answer to a claim. Proved, refuted with a witness, or unknown with a reason.

Cases are the kinds of requests that the claim speaks of, one frame each, or one for each part of a
request for several resources. The engine looks for a request that contradicts the claim in any of
them. If none is found even where every doubt counts as one, the claim is proved. If one is found,
the concrete evaluator has to confirm it; otherwise nothing is known.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from lakewarden.proofs.policy.axioms import axioms
from lakewarden.proofs.policy.conditions import ConditionError
from lakewarden.proofs.policy.evaluate import UncertainError, confirms
from lakewarden.proofs.policy.formula import (
    FALSE,
    TRUE,
    Formula,
    Reach,
    atoms_of,
    both,
    contrary,
    either,
    is_in,
    present,
    variables_of,
)
from lakewarden.proofs.policy.frame import Frame
from lakewarden.proofs.policy.frames import frame_of, frames_for, unlisted
from lakewarden.proofs.policy.places import regions_of
from lakewarden.proofs.policy.principals import (
    ANONYMOUS,
    FEDERATED,
    SERVICES,
    forms_of,
    is_of,
)
from lakewarden.proofs.policy.scene import ANYONE, Claim, Layer, Request, keys_of, partition_of
from lakewarden.proofs.policy.solve import Model, solve
from lakewarden.proofs.policy.statements import about, two_readings
from lakewarden.proofs.policy.witness import polished, request_of
from lakewarden.proofs.words.language import TooHardError, Words
from lakewarden.proofs.words.pattern import literal
from lakewarden.semantics.iam_documents import Document, Statement

_SHARED: Final = frozenset(
    {
        *("subnet", "security-group", "image", "snapshot"),
        *("placement-group", "capacity-reservation", "dedicated-host"),
    }
)
"""Types of resources of other accounts that a machine can be started with."""
_BY_PROVIDER: Final = frozenset({"sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})


class Outcome(StrEnum):
    """What is known of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a claim.

    Attributes:
        outcome: what is known.
        witness: the request that refutes it, or one for each resource of a request for several.
        reasons: why it is not known.
    """

    outcome: Outcome
    witness: tuple[Request, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    frames: tuple[Frame, ...]
    where: tuple[tuple[Statement, ...], ...]


def prove(claim: Claim) -> Proof:
    """Answer a claim. Never raises: what cannot be decided is unknown."""
    reasons: dict[str, None] = {}
    statements = list(_statements(claim))
    readings = (True, False) if any(map(two_readings, statements)) else (True,)
    try:
        for case in _cases(claim, statements):
            for wide in readings:
                found = _contradiction(claim, case, wide=wide)
                if isinstance(found, str):
                    reasons[found] = None
                elif found:
                    return Proof(Outcome.REFUTED, witness=found)
    except (ConditionError, TooHardError) as error:
        return Proof(Outcome.UNKNOWN, reasons=(str(error),))
    if reasons:
        return Proof(Outcome.UNKNOWN, reasons=tuple(reasons))
    return Proof(Outcome.PROVED)


def _statements(claim: Claim) -> Iterator[Statement]:
    for layer in (*claim.layers, *claim.unlike):
        for document in layer.documents:
            yield from document.statements
    yield from (*claim.where, *claim.never)
    for part in claim.parts:
        yield from part.where


def _cases(claim: Claim, statements: list[Statement]) -> Iterator[_Case]:
    keys, partition = keys_of(statements), partition_of(statements)
    if not claim.parts:
        layers = (*claim.layers, *claim.unlike)
        for frame in frames_for(
            claim.actions, layers, keys, types=claim.types, partition=partition
        ):
            yield _Case((frame,), (claim.where,))
        return
    where = tuple((*claim.where, *part.where) for part in claim.parts)
    for action, region in itertools.product(claim.actions, regions_of(statements)):
        frames = tuple(
            frame_of(
                action,
                part.type,
                keys,
                part.type,
                partition=partition,
                region=region,
                account="" if part.type in _SHARED else claim.home,
            )
            for part in claim.parts
        )
        yield _Case(frames, where)


def _contradiction(claim: Claim, case: _Case, *, wide: bool) -> tuple[Request, ...] | str:
    """Return the requests that contradict a claim, none, or why it cannot be known."""
    frames = tuple(replace(frame, wide=wide) for frame in case.frames)
    parts = list(formulas(claim, frames, case.where))
    model = solve(parts, certain=False)
    if model is None:
        return ()
    reason = ""
    for certain in (False, True):
        found: Model | None = model if not certain else solve(parts, certain=True)
        if found is None:
            break
        requests = tuple(request_of(found, frame) for frame in frames)
        try:
            if confirms(claim, requests):
                return polished(claim, requests)
        except UncertainError as error:
            reason = str(error)
    return reason or _doubt(parts)


def _doubt(parts: Iterable[Formula]) -> str:
    for part in parts:
        for atom in atoms_of(part):
            if atom.reason and (atom.loose is not None or atom.reach is Reach.MAYBE):
                return atom.reason
    return "AWS documents stars in resources in two ways, and they differ here"


def formulas(
    claim: Claim, frames: tuple[Frame, ...], where: tuple[tuple[Statement, ...], ...]
) -> Iterator[Formula]:
    """Yield what holds of a request, or of several together, that contradict a claim.

    Raises:
        ConditionError: a policy has a condition that is none.
    """
    made: list[Formula] = []
    admitted: list[Formula] = []
    before: list[Formula] = []
    for frame, tests in zip(frames, where, strict=True):
        made += (_test(test, frame) for test in tests)
        made += (contrary(_test(test, frame)) for test in claim.never)
        made += (present(frame.variable(k)) for k in frame.given if frame.known(k))
        admitted.append(both(*(admission(layer, frame) for layer in claim.layers)))
        before.append(both(*(admission(layer, frame) for layer in claim.unlike)))
        yield from _settled(frame)
    yield is_of(_callers(frames[0], claim.layers))
    made.append(contrary(both(*admitted)) if claim.every else both(*admitted))
    if claim.unlike:
        made.append(contrary(both(*before)))
    yield from made
    yield from axioms(variables_of(made))


def _settled(frame: Frame) -> Iterator[Formula]:
    yield is_in(frame.resource, frame.shape)
    if frame.is_open:
        yield unlisted(frame.action.removesuffix(":"))


def _callers(frame: Frame, layers: Iterable[Layer]) -> Words:
    """Return who can make a request: policies that name nobody belong to an identity."""
    if frame.action.lower() in _BY_PROVIDER:
        return FEDERATED
    own = any(not (layer.names_callers or layer.members) for layer in layers)
    return _known_callers(frame.partition, own=own, signed=frame.action.startswith("sts:"))


@functools.cache
def _known_callers(partition: str, *, own: bool, signed: bool) -> Words:
    people = forms_of(partition=partition)
    if own:
        return people
    others = SERVICES.patterns if signed else (*SERVICES.patterns, *ANONYMOUS.patterns)
    return Words((*people.patterns, *others))


def _test(test: Statement, frame: Frame) -> Formula:
    return about(test, Document((test,), has_variables=False), frame, names_callers=False)


def admission(layer: Layer, frame: Frame) -> Formula:
    """Return what must hold of a request for a layer to admit it.

    Raises:
        ConditionError: a policy has a condition that is none.
    """
    allows: list[Formula] = [TRUE] if layer.refuses_only else [_trusted(layer)]
    refuses: list[Formula] = []
    for document in layer.documents:
        for statement in document.statements:
            meant = about(statement, document, frame, names_callers=layer.names_callers)
            (allows if statement.allows else refuses).append(meant)
    admitted = both(either(*allows), *(contrary(meant) for meant in refuses))
    if layer.endpoint:
        through = is_in("aws:sourcevpce", Words((literal(layer.endpoint),)))
        admitted = either(contrary(through), admitted)
    if layer.members:
        members = (is_of(forms_of(account)) for account in sorted(layer.members))
        admitted = either(contrary(either(*members)), admitted)
    return admitted


def _trusted(layer: Layer) -> Formula:
    if ANYONE in layer.trusted:
        return TRUE
    return either(FALSE, *(is_of(forms_of(account)) for account in sorted(layer.trusted)))
