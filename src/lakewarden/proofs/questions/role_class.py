"""Which documented policy a cross-account role has, how far it is from it, and what it lets happen.

Two policies are of one class when neither allows anything that the other does not, whatever their
statements look like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.policies.build import read
from lakewarden.proofs.policy.prove import Outcome, Proof, prove
from lakewarden.proofs.policy.scene import Claim, Request, that
from lakewarden.proofs.policy.statements import concerns
from lakewarden.proofs.questions import role as about_role
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.compare import not_more_permissive
from lakewarden.proofs.questions.describe import by
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.proofs.questions.role import ROLE, layers_of
from lakewarden.proofs.questions.role_facts import Facts, facts_of
from lakewarden.semantics.iam_documents import Document, Statement

CLASSES: Final = ("managed", "customer", "restricted", "proved")
"""From the widest to the narrowest; the last is the one that is proved to confine."""
_SERVICES: Final = ("ec2", "iam")
_POSITIVE: Final = frozenset({"xacct.databricks_still_works"})
_MOST: Final = 12


@dataclass(frozen=True, slots=True)
class _Match:
    """How policies compare with those of a class: `wider` asks whether they allow no more."""

    name: str
    documents: tuple[Document, ...]
    wider: Proof
    narrower: Proof

    @property
    def equal(self) -> bool:
        return self.wider.outcome is self.narrower.outcome is Outcome.PROVED

    @property
    def unlike(self) -> bool:
        return Outcome.REFUTED in (self.wider.outcome, self.narrower.outcome)


def _class(given: Given) -> Answer:
    facts, mine = facts_of(given), given.documents()
    matches = _matches(mine, facts)
    nearest, found = matches[0], next((match for match in matches if match.equal), None)
    examples = list(_counter_examples(given, facts))
    if found is not None:
        outcome, lines = Outcome.PROVED, [f"they allow what the policy {found.name} allows"]
    else:
        outcome = _unmatched(matches)
        lines = [_relation(nearest, outcome)]
        lines += _differences(mine, nearest.documents)
        lines += facts.missing() if outcome is Outcome.UNKNOWN else ()
    lines += [*facts.read_off(), *(line for answer in examples for line in _told(answer))]
    holed = any(answer.outcome is Outcome.REFUTED for answer in examples)
    closable = holed and (found or nearest).name != "managed"
    return Answer(
        "xacct.class",
        outcome,
        _CLASS,
        witness=_apart(nearest) if outcome is Outcome.REFUTED else (),
        explanation=tuple(lines),
        document=facts.offered() if closable else None,
    )


def _apart(match: _Match) -> tuple[Request, ...]:
    """Return a request that one of two policies allows and the other does not."""
    return match.wider.witness or match.narrower.witness


def _matches(mine: tuple[Document, ...], facts: Facts) -> list[_Match]:
    """Return how policies compare with each class, the nearest first, up to one that is equal."""
    classes = {name: (read(policy),) for name, policy in facts.classes().items()}
    matches: list[_Match] = []
    for name in sorted(classes, key=lambda name: _distance(mine, classes[name])):
        matches.append(_compared(name, mine, classes[name]))
        if matches[-1].equal:
            break
    return matches


def _compared(name: str, mine: tuple[Document, ...], theirs: tuple[Document, ...]) -> _Match:
    if _says(mine) == _says(theirs):
        same = Proof(Outcome.PROVED)
        return _Match(name, theirs, same, same)
    wider = not_more_permissive(mine, theirs, names_callers=False)
    narrower = not_more_permissive(theirs, mine, names_callers=False)
    return _Match(name, theirs, prove(wider), prove(narrower))


def _says(documents: Iterable[Document]) -> set[tuple[bool, str]]:
    return {(d.has_variables, _plain(s)) for d in documents for s in d.statements}


def _unmatched(matches: list[_Match]) -> Outcome:
    """Return what is known when no class is met: they may be of one that cannot be written down."""
    if len(matches) < len(CLASSES) and _may_be_narrow(matches):
        return Outcome.UNKNOWN
    return Outcome.REFUTED if all(match.unlike for match in matches) else Outcome.UNKNOWN


def _may_be_narrow(matches: Iterable[_Match]) -> bool:
    """Return whether policies allow no more than the customer's: the narrow classes allow less."""
    return any(m.name == "customer" and m.wider.outcome is not Outcome.REFUTED for m in matches)


def _relation(nearest: _Match, outcome: Outcome) -> str:
    none = "they are none of the classes"
    if outcome is Outcome.UNKNOWN:
        none = "they are none of the classes as far as is known"
    how = "is"
    if nearest.wider.outcome is Outcome.PROVED:
        how = "allows no less than they do; it is"
    elif nearest.narrower.outcome is Outcome.PROVED:
        how = "allows no more than they do; it is"
    return f"{none}; the nearest {how} {nearest.name}"


def _distance(mine: Iterable[Document], theirs: Iterable[Document]) -> tuple[int, int]:
    mine, theirs = tuple(mine), tuple(theirs)
    statements = {_plain(s) for s in _statements(mine)} ^ {_plain(s) for s in _statements(theirs)}
    return len(_allowed(mine) ^ _allowed(theirs)), len(statements)


def _differences(mine: tuple[Document, ...], theirs: tuple[Document, ...]) -> Iterator[str]:
    """Yield what sets policies apart from those of a class: actions, then statements."""
    has, should = _allowed(mine), _allowed(theirs)
    for word, actions in (("added", has - should), ("missing", should - has)):
        listed = sorted(actions)
        if listed:
            more = f" and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
            yield f"actions {word}: {', '.join(listed[:_MOST])}{more}"
    known, own = set(map(_plain, _statements(theirs))), set(map(_plain, _statements(mine)))
    for place, statement in enumerate(_statements(mine), 1):
        if _plain(statement) not in known:
            yield f"statement {place}{_name(statement)} is not in it"
    for statement in _statements(theirs):
        if _plain(statement) not in own:
            yield f"its statement{_name(statement)} is missing"


def _statements(documents: Iterable[Document]) -> list[Statement]:
    return [statement for document in documents for statement in document.statements]


def _plain(statement: Statement) -> str:
    """Return what a statement says, however it is named and ordered."""
    conditions = sorted(
        (operator, key, tuple(sorted(values)))
        for operator, tests in statement.conditions.items()
        for key, values in tests.items()
    )
    named = (statement.actions, statement.spared_actions, statement.resources, statement.spared)
    callers = (*statement.principals, ("but", ""), *statement.spared_principals)
    return repr((statement.allows, [sorted(set(texts)) for texts in named], callers, conditions))


def _name(statement: Statement) -> str:
    return f" ({statement.sid})" if statement.sid else ""


def _allowed(documents: Iterable[Document]) -> set[str]:
    """Return the known actions that some statement allows on something."""
    allows = [s for s in _statements(documents) if s.allows]
    names = (a.name for service in _SERVICES for a in catalogue().actions(service).values())
    return {name for name in names if any(concerns(s, name) for s in allows)}


def _counter_examples(given: Given, facts: Facts) -> Iterator[Answer]:
    """Yield the answers to the other questions of what it must not do, where they can be asked."""
    words = {
        "region": facts.regions if len(facts.regions) == 1 else (),
        "account": (facts.account,) if facts.account else (),
        "vpcs": facts.vpcs,
        "owners": facts.owners,
        "roles": facts.roles,
        "role": given.many("role"),
    }
    if words["region"]:
        proof = prove(_regional(replace(given, words=words)))
        yield Answer(_REGIONAL.name, proof.outcome, _REGION, witness=proof.witness)
    for question in about_role.QUESTIONS:
        names = {argument.name for argument in question.arguments}
        needed = {a.name for a in question.arguments if a.required and not a.policy}
        if question.name not in _POSITIVE and all(words.get(name) for name in needed):
            policies = {name: ds for name, ds in given.policies.items() if name in names}
            there = {name: values for name, values in words.items() if name in names}
            yield question.ask(replace(given, policies=policies, words=there))


def _told(answer: Answer) -> Iterator[str]:
    if answer.outcome is not Outcome.PROVED:
        how = "does not hold" if answer.outcome is Outcome.REFUTED else "is not known to hold"
        requests = ", ".join(f"{w.action} on {w.resource}" for w in answer.witness)
        yield f"{answer.question} {how}{f': {requests}' if requests else ''}"


def _only_in_region(given: Given) -> Answer:
    return answered("xacct.only_in_region", _REGION, [_regional(given)])


def _regional(given: Given) -> Claim:
    """Return the claim about the actions that the role's policies allow on anything at all."""
    allowed = sorted(name for name in _allowed(given.documents()) if name.startswith("ec2:"))
    elsewhere = that(("StringNotEquals", "aws:RequestedRegion", given.many("region")))
    where = (by(given.one("role")), elsewhere)
    return Claim((*allowed, "ec2:"), where, layers_of(given))


_CLASS: Final = "The role's policies are one of the documented ones, or the proved one"
_REGION: Final = "The role does nothing in EC2 outside the regions"
_POLICIES: Final = tuple(a for a in about_role.QUESTIONS[0].arguments if a.policy)

_REGIONAL: Final = Question(
    "xacct.only_in_region",
    _REGION,
    (*_POLICIES, ROLE, Argument("region", "the AWS regions of the workspaces", required=True)),
    _only_in_region,
    ("P28",),
)

QUESTIONS: Final = (
    Question(
        "xacct.class",
        _CLASS,
        (
            *_POLICIES,
            ROLE,
            Argument("account", "the AWS account of the workspace; else the role's"),
            Argument("region", "its AWS region; else read off the policies"),
            Argument("vpc", "its VPC; else read off the policies"),
            Argument("security-group", "the group whose rules are changed; else read off them"),
            Argument("roles", "the ARNs of roles that may be passed; else read off them"),
            Argument("owners", "the accounts whose images may be started; else Databricks'"),
        ),
        _class,
        ("P28",),
    ),
    _REGIONAL,
)
