"""Wishes about policy documents of AWS: edited statement by statement, with proofs of the result.

An edit takes the statements that are there and returns those that should be. It keeps whatever is
right as it stands, so that several controls can edit one policy one after another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.controls.kit.proved import told
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Kind
from lakewarden.plan.change import Attributes, Proof, Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.proofs.policies.build import Policy
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.given import ArgumentError, Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import Document, parse, statements

AWS: Final = "aws"
"""The scope of everything in AWS."""
VERSION: Final = "2012-10-17"
STATEMENTS: Final = "/Statement"

Statements = list[Policy]
Edit = Callable[[Statements], Statements]
Prove = Callable[[Document, Document], Iterable[Proof]]
"""Proves something of a new policy, given the old one as well."""


def statements_in(text: str | None, kind: Kind[Any]) -> Statements:
    """Return the statements of a policy as they are written; none of one that is not there.

    Raises:
        UnreadError: the text is no policy.
    """
    if text is None:
        return []
    statements(text, kind)
    found = json.loads(text)["Statement"]
    return found if isinstance(found, list) else [found]


def policy_wish(
    target: Target, name: str, text: str | None, kind: Kind[Any], edit: Edit, prove: Prove
) -> Wish:
    """Wish for a policy that comes of the one that is there by an edit.

    Args:
        target: the policy.
        name: what people call the thing that has it.
        text: the policy as it is; None for none.
        kind: the kind of the record that it comes from.
        edit: makes the new statements out of the old ones.
        prove: proves what is to be shown of the new policy.

    Raises:
        UnreadError: the text is no policy.
    """
    old = statements_in(text, kind)
    version = VERSION if text is None else json.loads(text).get("Version", "")
    before: dict[str, Any] | None = None if text is None else {STATEMENTS: old}
    edits: dict[str, Any] = {STATEMENTS: lambda found: edit(list(found or ()))}
    if text is None:
        edits = {"/Version": VERSION, **edits}

    def proofs(after: Attributes) -> Iterator[Proof]:
        try:
            new = document(after.get(STATEMENTS) or (), version)
            yield from prove(new, document(old, version))
        except (UnreadError, CannotPlanError) as error:
            yield Proof(_WORKS.name, _WORKS.claim, "unknown", str(error))

    return Wish(target, name, before, edits, proofs=proofs)


def without_policy(wish: Wish, text: str) -> Wish:
    """Return the wish that a policy is not there, in place of one that it has no statements."""
    version = json.loads(text).get("Version", VERSION)
    return replace(wish, before={"/Version": version, **(wish.before or {})}, edits=None)


def document(entries: Iterable[Policy], version: str = VERSION) -> Document:
    """Return statements as the proof engine takes them."""
    return parse(json.dumps({"Version": version, "Statement": list(entries)}))


def put(found: Statements, *new: Policy) -> Statements:
    """Return statements with others added, each in the place of one of the same name and effect."""
    names = {(entry["Effect"], entry["Sid"]) for entry in new}
    kept = [entry for entry in found if (entry.get("Effect"), entry.get("Sid")) not in names]
    return [*kept, *new]


def named(found: Statements, wanted: str) -> str:
    """Return a name for a statement that no other statement has."""
    taken = {entry.get("Sid") for entry in found}
    free = (f"{wanted}{number}" for number in range(2, len(found) + 3))
    return wanted if wanted not in taken else next(name for name in free if name not in taken)


def narrower(
    new: tuple[Document, ...], old: tuple[Document, ...], note: str = "", account: str = ""
) -> Proof:
    """Return the proof that policies allow nothing that others do not.

    Args:
        new: the policies as they would be.
        old: the policies as they are.
        note: what is meant to be allowed besides, where something is; goes before the witness.
        account: whose callers need no Allow in them; `*` for all callers.
    """
    given = {"new": new or (_NOTHING,), "old": old or (_NOTHING,)}
    words = {"account": (account,)} if account else {}
    found = proof("policy.not_more_permissive", given, words)
    if found.holds or not note:
        return found
    return Proof(found.question, found.claim, found.outcome, f"{note}: {found.detail}")


def works_on(
    new: tuple[Document, ...], old: tuple[Document, ...], words: Mapping[str, Iterable[str]]
) -> Proof:
    """Return the proof that some callers can do whatever they could do before."""
    return proof("policy.still_works", {"new": new, "old": old or (_NOTHING,)}, words)


def proof(
    name: str,
    policies: Mapping[str, tuple[Document, ...]],
    words: Mapping[str, Iterable[str]],
    grants: tuple[Mapping[str, Any], ...] | None = None,
) -> Proof:
    """Ask a named question and return what came of it as a proof."""
    given = Given(policies, {k: tuple(v) for k, v in words.items() if tuple(v)}, grants)
    question = QUESTIONS[name]
    try:
        answer = question.ask(given)
    except ArgumentError as error:
        return Proof(name, question.claim, "unknown", str(error))
    return Proof(name, answer.claim, answer.outcome.value, "; ".join(_why(answer)))


def _why(answer: Answer) -> Iterator[str]:
    """Yield what refutes a claim, or why it is not known."""
    if answer.outcome.value == "proved":
        return
    yield from map(told, answer.witness)
    yield from answer.explanation[:3]


_WORKS: Final = QUESTIONS["policy.still_works"]
_NOTHING: Final = Document(())
