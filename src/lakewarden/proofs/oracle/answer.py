"""The oracle's answer to a claim, and whether it takes a request for one that refutes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.oracle import terms as t
from lakewarden.proofs.oracle.cvc5_solver import EFFORT, solve
from lakewarden.proofs.oracle.smt import Question, question_of, questions
from lakewarden.proofs.oracle.witness import pins, requests_of
from lakewarden.proofs.policy.scene import Claim, Request


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver knows of a claim.

    Attributes:
        verdict: `proved`, `refuted`, `doubtful` where it hangs on what nobody can say, or `late`
            where the solver did not finish.
        witness: the requests that refute it.
    """

    verdict: str
    witness: tuple[Request, ...] = ()


def answer(claim: Claim, *, effort: int = EFFORT) -> Answer:
    """Return the answer of cvc5.

    Args:
        claim: the claim.
        effort: how much cvc5 may try for each text.

    Raises:
        OracleError: a policy has a condition that is none, or a statement that names nobody.
        ModuleNotFoundError: cvc5 is not installed.
    """
    late = open_ = False
    for question in questions(claim, lenient=True):
        found, _ = _ask(question, effort)
        open_ |= found == "sat"
        late |= found == "unknown"
        if open_:
            break
    if not open_:
        return Answer("late" if late else "proved")
    for question in questions(claim, lenient=False):
        found, requests = _ask(question, effort)
        if found == "sat":
            return Answer("refuted", requests)
        late |= found == "unknown"
    return Answer("late" if late else "doubtful")


def _ask(question: Question, effort: int) -> tuple[str, tuple[Request, ...]]:
    if t.FALSE in question.body:
        return "unsat", ()
    wire = question.wire
    solved = solve(question.script(), wire.declared, effort=effort)
    found = requests_of(wire, solved.values) if solved.verdict == "sat" else ()
    return solved.verdict, found


def refutes(claim: Claim, requests: Sequence[Request], *, effort: int = EFFORT) -> str:
    """Return whether requests that the engine names refute a claim here too.

    Returns:
        `sat`, `unsat` or `unknown`.

    Raises:
        OracleError: a policy has a condition that is none, or a statement that names nobody.
    """
    verdict, action = "unsat", requests[0].action
    if catalogue().action(action) is None:
        action = f"{action.partition(':')[0]}:"
    for types in _types(claim, requests[0]):
        for wide in (True, False):
            question = question_of(claim, action, types, wide=wide)
            pinned = tuple(pins(question.wire, dict(zip(types, requests, strict=True))))
            found = solve(question.script(*pinned), effort=effort).verdict
            if found != "sat":
                break
        else:
            return "sat"
        verdict = found if found == "unknown" else verdict
    return verdict


def _types(claim: Claim, request: Request) -> Iterator[dict[str, str]]:
    if claim.parts:
        yield {f"#{part.type}": part.type for part in claim.parts}
        return
    known = catalogue().action(request.action)
    for name in ([taken.type for taken in known.resources] if known else []) or [""]:
        if not (claim.types and name and name not in claim.types):
            yield {"": name}
