"""Asks the named questions of generated policies, and compares policies."""

from __future__ import annotations

from lakewarden.proofs.policies.build import Policy, read
from lakewarden.proofs.policies.cross_account import Place
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.compare import not_more_permissive, services_of
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.registry import QUESTIONS

ACCOUNT = "111122223333"
PLACE = Place(ACCOUNT, "us-east-1", "vpc-0a1b")
GROUP = "sg-0c2d"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/databricks"
NODES = f"arn:aws:iam::{ACCOUNT}:role/nodes"
KEEPER = f"arn:aws:iam::{ACCOUNT}:role/break-glass"
READER = f"arn:aws:iam::{ACCOUNT}:role/storage-credential"
WRITER = f"arn:aws:iam::{ACCOUNT}:role/log-delivery"
OWNER = "601306020600"
TENANT = "01234567-89ab-cdef-0123-456789abcdef"


def asked(question: str, *documents: Policy, **words: str | tuple[str, ...]) -> Answer:
    """Answer a question; underscores in names of arguments stand for hyphens."""
    given = {
        name.replace("_", "-"): (value,) if isinstance(value, str) else value
        for name, value in words.items()
    }
    return QUESTIONS[question].ask(Given({"policy": tuple(map(read, documents))}, given))


def outcome(question: str, *documents: Policy, **words: str | tuple[str, ...]) -> Outcome:
    """Return what is known of a question."""
    return asked(question, *documents, **words).outcome


def no_more(
    new: tuple[Policy, ...], old: tuple[Policy, ...], *, names_callers: bool = False
) -> Outcome:
    """Return whether policies allow nothing that others do not."""
    claim = not_more_permissive(
        tuple(map(read, new)), tuple(map(read, old)), names_callers=names_callers
    )
    return prove(claim).outcome


def no_more_on_bucket(new: tuple[Policy, ...], old: tuple[Policy, ...]) -> Outcome:
    """Return the same of a bucket whose own account's callers may have policies of their own."""
    now, then = tuple(map(read, new)), tuple(map(read, old))
    trusted = frozenset({ACCOUNT})
    after = Layer("new policy", now, names_callers=True, trusted=trusted)
    before = Layer("old policy", then, names_callers=True, trusted=trusted)
    return prove(Claim(tuple(services_of(now, then)), (), (after,), unlike=(before,))).outcome
