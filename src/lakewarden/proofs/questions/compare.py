"""Questions about policies alone: does a change allow more, and does anything in it do nothing?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from lakewarden.proofs.facts.actions import SERVICES, catalogue
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer
from lakewarden.proofs.policy.statements import concerns
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.semantics.iam_documents import Document, Statement

_DEAD: Final = "Every statement of the policy does something"
_NOT_MORE: Final = "The new policies allow nothing that the old ones do not"


def not_more_permissive(
    new: tuple[Document, ...],
    old: tuple[Document, ...],
    *,
    names_callers: bool,
    trusted: frozenset[str] = frozenset(),
) -> Claim:
    """Return the claim that policies allow nothing that others did not.

    Args:
        new: the policies as they would be.
        old: the policies as they were.
        names_callers: they belong to a resource, and say whom they are about.
        trusted: accounts whose callers need no Allow in them; `*` for all callers.
    """
    before = Layer("old policy", old, names_callers=names_callers, trusted=trusted)
    after = Layer("new policy", new, names_callers=names_callers, trusted=trusted)
    return Claim(tuple(services_of(new, old)), (), (after,), unlike=(before,))


def services_of(*groups: Iterable[Document]) -> Iterator[str]:
    """Yield what stands for every action that policies tell apart.

    A service that is not in the catalogue is asked about as a whole, by any action's name.
    """
    statements = [s for documents in groups for d in documents for s in d.statements]
    patterns = {p for s in statements for p in (*s.actions, *s.spared_actions)}
    names = {pattern.partition(":")[0] for pattern in patterns}
    wide = any(s.spared_actions for s in statements) or not all(map(_plain, names))
    known = set(SERVICES) if wide else set(SERVICES) & names
    yield from (f"{name}:*" for name in sorted(known))
    yield from (f"{name}:" for name in sorted(names - set(SERVICES)) if _plain(name))
    if wide:
        yield "service-of-tomorrow:"


def _plain(name: str) -> bool:
    return not {"*", "?"} & set(name)


def _compared(given: Given) -> Answer:
    new, old = given.documents("new"), given.documents("old")
    names = any(s.principals or s.spared_principals for d in (*new, *old) for s in d.statements)
    claims = [not_more_permissive(new, old, names_callers=names)]
    account = given.one("account")
    if account:  # there a Deny that is gone counts without any Allow
        trusted = frozenset({account})
        claims.append(not_more_permissive(new, old, names_callers=names, trusted=trusted))
    return answered("policy.not_more_permissive", _NOT_MORE, claims)


def _no_dead_grants(given: Given) -> Answer:
    name = "policy.no_dead_grants"
    dead = tuple(line for d in given.documents() for line in dead_grants(d))
    outcome = Outcome.REFUTED if dead else Outcome.PROVED
    note = f"actions, resources and keys are those of the catalogue of {_as_of()}"
    return Answer(name, outcome, _DEAD, (), (), dead, (note,))


def _as_of() -> str:
    service = catalogue().service("s3")
    return service.as_of.isoformat() if service else "an unknown day"


def dead_grants(document: Document) -> Iterator[str]:
    """Yield a line for each part of an Allow that no request can meet.

    Services that the action catalogue lacks are passed over.
    """
    for place, statement in enumerate(document.statements, 1):
        if not statement.allows or statement.spared_actions:
            continue
        label = f"statement {place}{f' ({statement.sid})' if statement.sid else ''}"
        for action in statement.actions:
            met = [
                known
                for known in _known()
                if concerns(replace(statement, actions=(action,)), known)
            ]
            if not met:
                if action.partition(":")[0] in SERVICES:
                    yield f"{label}: no action is called {action}"
                continue
            for resource in statement.resources or ("",):
                narrow = replace(
                    statement,
                    actions=(action,),
                    resources=(resource,) if resource else (),
                )
                if _is_dead(narrow, document, met):
                    on = f" on {resource}" if resource else ""
                    yield f"{label}: {action}{on} matches no request"


def _known() -> tuple[str, ...]:
    return tuple(a.name for s in SERVICES for a in catalogue().actions(s).values())


def _is_dead(statement: Statement, document: Document, actions: list[str]) -> bool:
    names = bool(statement.principals or statement.spared_principals)
    alone = Document((statement,), document.has_variables)
    claim = Claim(tuple(actions), (), (Layer("policy", (alone,), names_callers=names),))
    return prove(claim).outcome is Outcome.PROVED


QUESTIONS: Final = (
    Question(
        "policy.not_more_permissive",
        _NOT_MORE,
        (
            Argument("new", "the policies as they would be", required=True, policy=True),
            Argument("old", "the policies as they are", required=True, policy=True),
            Argument("account", "whose callers need no Allow here; * for all callers"),
        ),
        _compared,
    ),
    Question(
        "policy.no_dead_grants",
        _DEAD,
        (Argument("policy", "the policies", required=True, policy=True),),
        _no_dead_grants,
    ),
)
