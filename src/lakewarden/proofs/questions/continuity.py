"""The question about a change of policies: does it take away what some callers could do?

A narrower policy is worth nothing when Databricks stands outside with everybody else. Asked is
about callers by name, over TLS and by themselves, so that what is meant to be shut out is no part
of the question.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.proofs.policy.scene import ANYONE, Claim, Layer, that
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.compare import services_of
from lakewarden.proofs.questions.describe import by, coming_from
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.semantics.iam_documents import Statement

_NAME: Final = "policy.still_works"
_WORKS: Final = "What the old policies let the principals do, the new ones let them do, too"
_PLAIN: Final = (
    that(("Bool", "aws:SecureTransport", ("true",))),
    that(("Bool", "aws:ViaAWSService", ("false",))),
)
_ASSUMED: Final = (
    "requests come over TLS, and no AWS service makes them for somebody",
    "callers of the account are taken to be allowed by policies of their own",
)


def _still_works(given: Given) -> Answer:
    return answered(_NAME, _WORKS, _claims(given))


def _claims(given: Given) -> Iterator[Claim]:
    """Yield that nothing is admitted by the old policies that the new ones do not admit."""
    new, old = given.documents("new"), given.documents("old")
    names = any(s.principals or s.spared_principals for d in (*new, *old) for s in d.statements)
    account = given.one("account")
    trusted = frozenset({account}) if account else frozenset[str]()
    trusted = frozenset({ANYONE}) if account == ANYONE else trusted
    before = Layer("old policy", old, names_callers=names, trusted=trusted)
    after = Layer("new policy", new, names_callers=names, trusted=trusted)
    actions = given.many("actions") or tuple(services_of(new, old))
    for caller in given.many("principals"):
        for where in _ways(given):
            described = (by(caller), *_for_us(given), *where, *_PLAIN)
            yield Claim(actions, described, (before,), unlike=(after,), assumptions=_ASSUMED)


def _ways(given: Given) -> Iterator[tuple[Statement, ...]]:
    """Yield where requests come from and go to."""
    resources = given.many("resources")
    there = (that(resources=resources),) if resources else ()
    for network in given.many("networks"):
        yield (coming_from(network), *there)
    if not given.many("networks"):
        yield there


def _for_us(given: Given) -> Iterator[Statement]:
    """Yield what sessions of Databricks show when they work for one customer."""
    for argument, key in (
        ("databricks-account", "aws:PrincipalTag/DatabricksAccountId"),
        ("external-id", "sts:ExternalId"),
    ):
        value = given.one(argument)
        if value:
            yield that(("StringEquals", key, (value,)))


QUESTIONS: Final = (
    Question(
        _NAME,
        _WORKS,
        (
            Argument("new", "the policies as they would be", required=True, policy=True),
            Argument("old", "the policies as they are", required=True, policy=True),
            Argument("principals", "whose work goes on: accounts, ARNs, services", required=True),
            Argument("databricks-account", "the Databricks account that their sessions work for"),
            Argument("external-id", "the external id that they show"),
            Argument("networks", "where they come from; anywhere when left out"),
            Argument("actions", "what they do; whatever the policies speak of when left out"),
            Argument("resources", "ARNs of what they do it to; anything when left out"),
            Argument("account", "whose callers need no Allow here; * for all callers"),
        ),
        _still_works,
        ("P14", "P26", "P27", "P28"),
    ),
)
