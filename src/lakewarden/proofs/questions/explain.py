"""Explanations: which statements prove a claim, and how a witness gets past all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from lakewarden.proofs.policy.evaluate import UncertainError, deciding, matches
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, Ref, Request
from lakewarden.semantics.iam_documents import Document, Statement


def named(claim: Claim, ref: Ref) -> str:
    """Return a statement's place in words: `bucket policy, statement 2 (TlsOnly)`."""
    layer = claim.layers[ref.layer]
    statement = layer.documents[ref.document].statements[ref.statement]
    several = f" {ref.document + 1}" if len(layer.documents) > 1 else ""
    sid = f" ({statement.sid})" if statement.sid else ""
    return f"{layer.name}{several}, statement {ref.statement + 1}{sid}"


def refs_of(claim: Claim) -> Iterator[tuple[Ref, Statement]]:
    """Yield every statement of a claim's layers with its place."""
    for at, layer in enumerate(claim.layers):
        for d, document in enumerate(layer.documents):
            for s, statement in enumerate(document.statements):
                yield Ref(at, d, s), statement


def core(claim: Claim) -> tuple[Ref, ...]:
    """Return the statements without which a proved claim could not be proved.

    Statements are taken away one after the other for as long as the proof holds; what remains of
    the Denies does the work. An Allow does its part by its limits: it is one of them when without
    its conditions and its principals the claim would no longer hold.
    """
    kept = claim
    needed: list[Ref] = []
    for ref, statement in refs_of(claim):
        if not _concerns(statement, claim):
            continue
        if statement.allows is claim.every:
            needed += [ref] if not _proved(_with(kept, ref, None)) else []
        if statement.allows and not claim.every and _is_limited(statement, claim, ref):
            open_one = replace(
                statement, conditions={}, principals=(("*", "*"),), resources=("*",), spared=()
            )
            needed += [ref] if not _proved(_with(claim, ref, open_one)) else []
        elif not statement.allows and not claim.every:
            without = _with(kept, ref, None)
            if _proved(without):
                kept = without
            else:
                needed.append(ref)
    return tuple(needed)


def _concerns(statement: Statement, claim: Claim) -> bool:
    """Return whether a statement may be about one of the actions that a claim is about."""
    return bool(statement.spared_actions) or any(
        _alike(pattern, action.lower()) for pattern in statement.actions for action in claim.actions
    )


def _alike(pattern: str, action: str) -> bool:
    if action.endswith((":", "*")):  # whatever a service has
        return fnmatchcase(action.partition(":")[0], pattern.partition(":")[0])
    return fnmatchcase(action, pattern)


def _is_limited(statement: Statement, claim: Claim, ref: Ref) -> bool:
    names = claim.layers[ref.layer].names_callers
    placed = "*" not in statement.resources
    return placed or bool(statement.conditions) or (names and not statement.for_everybody)


def _proved(claim: Claim) -> bool:
    return prove(claim).outcome is Outcome.PROVED


_NEVER = Statement(allows=False)
"""A statement about nothing at all; it keeps the places of those after it."""


def _with(claim: Claim, ref: Ref, statement: Statement | None) -> Claim:
    layer = claim.layers[ref.layer]
    document = layer.documents[ref.document]
    changed = list(document.statements)
    changed[ref.statement] = statement or replace(_NEVER, principals=(("*", "*"),))
    documents = list(layer.documents)
    documents[ref.document] = Document(tuple(changed), document.has_variables)
    layers = list(claim.layers)
    layers[ref.layer] = replace(layer, documents=tuple(documents))
    return replace(claim, layers=tuple(layers))


def admitting(claim: Claim, requests: Iterable[Request]) -> Iterator[Ref]:
    """Yield the statements that allow the requests of a witness."""
    seen = set()
    for request in requests:
        for at, layer in enumerate(claim.layers):
            for ref, statement in deciding(layer, at, request):
                if statement.allows and ref not in seen:
                    seen.add(ref)
                    yield ref


def passing(claim: Claim, requests: Iterable[Request]) -> Iterator[str]:
    """Yield for each Deny why the requests of a witness are none of its business."""
    for request in requests:
        for ref, statement in refs_of(claim):
            layer = claim.layers[ref.layer]
            document = layer.documents[ref.document]
            if not statement.allows and (why := _missed(statement, document, layer, request)):
                yield f"{named(claim, ref)} lets it through: {why}"


def refusing(claim: Claim, requests: Iterable[Request]) -> Iterator[str]:
    """Yield why the requests of a witness are refused: by which Deny, or for want of an Allow."""
    for request in requests:
        for at, layer in enumerate(claim.layers):
            met = list(deciding(layer, at, request))
            denies = [ref for ref, statement in met if not statement.allows]
            yield from (f"{named(claim, ref)} refuses it" for ref in denies)
            if not denies and not met and not layer.refuses_only:
                yield f"no statement of the {layer.name} allows it"


def _missed(statement: Statement, document: Document, layer: Layer, request: Request) -> str:
    """Return the first part of a Deny that a request does not meet."""
    bare = replace(statement, conditions={})
    try:
        if not matches(bare, document, request, layer, wide=True):
            return "it is about other actions, resources or principals"
        for operator, keys in statement.conditions.items():
            for key, values in keys.items():
                one = replace(statement, conditions={operator: {key: values}})
                if not matches(one, document, request, layer, wide=True):
                    held = ", ".join(request.context.get(key, ())) or "absent"
                    return f"{operator} {key} {', '.join(values)} does not hold; it is {held}"
    except UncertainError as error:
        return str(error)
    return ""
