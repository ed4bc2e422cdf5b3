"""The policy engine beside general solvers: the eleven questions, and the whole corpus.

Each question is put to the engine with its memory emptied, and to cvc5, and z3 where it is
installed, as the texts of the oracle. Solvers answer until the first text settles it. Time is that
of the processor, the making of the texts included, as the machine may be shared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec

from benchmarks.corpus import Case, cases
from lakewarden.proofs.oracle.answer import answer
from lakewarden.proofs.oracle.smt import Question, questions
from lakewarden.proofs.oracle.use import OracleError
from lakewarden.proofs.policy import demands, frames
from lakewarden.proofs.policy.prove import prove
from lakewarden.proofs.words import language, pattern

_PATIENCE = 5_000
"""Milliseconds that z3 may think of one text."""


def _forget() -> None:
    for memory in (
        language.automaton,
        language.shortest,
        demands.value_for,
        pattern.glob,
        pattern.literal,
        pattern.exact,
        pattern.arn_glob,
        frames.shape_of,
    ):
        memory.cache_clear()


def _ours(case: Case) -> str:
    return prove(case.claim).outcome.value


def _cvc5(case: Case) -> str:
    try:
        found = answer(case.claim).verdict
    except OracleError:
        return "unknown"
    return {"late": "unknown", "doubtful": "unknown"}.get(found, found)


def _z3(case: Case) -> str:
    try:
        lenient = [_z3_says(question) for question in questions(case.claim, lenient=True)]
        strict = (_z3_says(question) for question in questions(case.claim, lenient=False))
        if "sat" in lenient:
            return "refuted" if "sat" in strict else "unknown"
    except OracleError:
        return "unknown"
    return "unknown" if "unknown" in lenient else "proved"


def _z3_says(question: Question) -> str:
    import z3  # noqa: PLC0415  # no dependency: compared where somebody has it

    solver = z3.Solver()
    solver.set("timeout", _PATIENCE)
    solver.from_string(question.script().replace("(set-logic ALL)", ""))
    return str(solver.check())


def _measured(ask: Callable[[Case], str], asked: Iterable[Case]) -> tuple[list[float], int, int]:
    """Return milliseconds for each case, how many are unknown, and how many are wrong."""
    taken, unknown, wrong = [], 0, 0
    for case in asked:
        _forget()
        began = time.process_time()
        said = ask(case)
        taken.append((time.process_time() - began) * 1000)
        unknown += said == "unknown" != case.answer
        wrong += said not in {"unknown", case.answer}
    return taken, unknown, wrong


def main() -> None:
    """Print the table."""
    whole = list(cases())
    eleven = sorted((case for case in whole if case.question), key=lambda case: case.question)
    tools: dict[str, Callable[[Case], str]] = {"engine": _ours, "cvc5": _cvc5}
    if find_spec("z3"):
        tools["z3"] = _z3
    for case in whole:
        prove(case.claim)  # the tables of facts are read once
    print("policy engine: CPU milliseconds for a question, nothing remembered")
    print(f"{'':22}{'median':>9}{'p95':>9}{'unknown':>9}{'wrong':>7}{'ratio':>7}")
    for title, asked in (("eleven questions", eleven), (f"corpus of {len(whole)}", whole)):
        base = 0.0
        for tool, ask in tools.items():
            taken, unknown, wrong = _measured(ask, asked)
            middle = statistics.median(taken)
            base = base or middle
            high = statistics.quantiles(taken, n=20)[-1]
            print(
                f"{title:16}{tool:>6}{middle:9.1f}{high:9.1f}{unknown:9}{wrong:7}"
                f"{middle / base:7.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
