"""`Question`: a name, its arguments, and how it is answered."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from lakewarden.proofs.policy.prove import Outcome, Proof, prove
from lakewarden.proofs.policy.scene import Claim
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.explain import admitting, core, named, passing, refusing
from lakewarden.proofs.questions.given import Argument, ArgumentError, Given

Ask = Callable[[Given], Answer]


@dataclass(frozen=True, slots=True)
class Question:
    """A question with a name.

    Attributes:
        name: `bucket.read.confined`.
        claim: what is claimed, as a sentence.
        arguments: what it is asked with.
        answer: answers it.
        paper: the sections of the paper that it serves.
    """

    name: str
    claim: str
    arguments: tuple[Argument, ...]
    answer: Ask
    paper: tuple[str, ...] = ()

    def ask(self, given: Given) -> Answer:
        """Answer it.

        Raises:
            ArgumentError: an argument is missing, unknown, or makes no sense.
        """
        known = {argument.name for argument in self.arguments}
        strange = sorted(({*given.policies, *given.words}) - known)
        if strange:
            raise ArgumentError(f"{self.name} has no argument {strange[0]}")
        for argument in self.arguments:
            there = given.policies if argument.policy else given.words
            if argument.required and not there.get(argument.name):
                raise ArgumentError(f"{self.name} needs {argument.name}: {argument.what}")
        return self.answer(given)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Claims, told apart by their text: policies are the same when they say the same."""

    text: str
    claims: tuple[Claim, ...] = field(compare=False)


def answered(name: str, sentence: str, claims: Iterable[Claim]) -> Answer:
    """Answer a question that is proved when all of its claims are, and refuted when one is.

    The answers to the last few hundred are kept: workspaces share policies, and a deployment that
    is read again has mostly those of before.
    """
    asked = tuple(claims)
    return _answer(name, sentence, _Asked(repr(asked), asked))


@functools.lru_cache(maxsize=512)
def _answer(name: str, sentence: str, asked: _Asked) -> Answer:
    claims = asked.claims
    proofs = [(claim, prove(claim)) for claim in claims]
    assumptions = tuple(dict.fromkeys(a for claim in claims for a in claim.assumptions))
    for claim, proof in proofs:
        if proof.outcome is Outcome.REFUTED:
            return _refuted(name, sentence, claim, proof, assumptions)
    unknown = tuple(r for _, p in proofs if p.outcome is Outcome.UNKNOWN for r in p.reasons)
    if unknown:
        return Answer(name, Outcome.UNKNOWN, sentence, (), (), unknown, assumptions)
    if not all(map(_speaks_of_something, claims)):
        return Answer(name, Outcome.UNKNOWN, sentence, (), (), (_EMPTY,), assumptions)
    every = any(claim.every for claim in claims)
    alone = (claim for claim in claims if not claim.unlike)
    refs = dict.fromkeys(named(claim, ref) for claim in alone for ref in core(claim))
    none = (
        "nothing refuses it, and what allows it is not in question"
        if every
        else "nothing allows it"
    )
    lines = tuple(f"{place} is needed for it" for place in refs) or (none,)
    return Answer(name, Outcome.PROVED, sentence, tuple(refs), (), lines, assumptions)


_EMPTY: Final = "no request at all is of this description; check the accounts, ARNs and networks"


def _speaks_of_something(claim: Claim) -> bool:
    """Return whether there are requests of a claim's description: of none, anything is true."""
    open_one = replace(claim, layers=(), unlike=(), every=False)
    return prove(open_one).outcome is not Outcome.PROVED


def _refuted(
    name: str, sentence: str, claim: Claim, proof: Proof, assumptions: tuple[str, ...]
) -> Answer:
    requests = proof.witness
    if claim.every:
        statements: tuple[str, ...] = ()
        lines = tuple(refusing(claim, requests))
    else:
        statements = tuple(named(claim, ref) for ref in admitting(claim, requests))
        trusted = () if statements else ("no policy here has to allow it: its caller's own do",)
        lines = (*trusted, *dict.fromkeys(passing(claim, requests)))
        lines = (*(f"{place} allows it" for place in statements), *lines)
    return Answer(name, Outcome.REFUTED, sentence, statements, requests, lines, assumptions)
