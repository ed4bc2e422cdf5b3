"""What was written down by hand: engine and oracle both know it."""

from __future__ import annotations

from collections import Counter

import pytest
from benchmarks.corpus import cases

from lakewarden.proofs.oracle.answer import answer, refutes
from lakewarden.proofs.policy.evaluate import UncertainError, confirms
from lakewarden.proofs.policy.prove import Outcome, prove

CASES = list(cases())
NAMES = [case.name for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_engine_knows_the_answer(case):
    proof = prove(case.claim)
    assert proof.outcome == case.answer, (case.why, proof)
    if proof.outcome is Outcome.REFUTED:
        assert confirms(case.claim, proof.witness)
    if proof.outcome is Outcome.UNKNOWN:
        assert all(proof.reasons)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_oracle_knows_it_too(case):
    found = answer(case.claim)
    doubtful = {"refuted", "unknown"}
    allowed = {case.answer} | ({"doubtful"} if case.answer in doubtful else set())
    assert found.verdict in allowed, (case.why, found)
    if found.verdict == "refuted":
        assert confirms(case.claim, found.witness)
        assert refutes(case.claim, found.witness) == "sat"


def test_a_witness_of_something_else_is_none():
    by_name = {case.name: case for case in CASES}
    bucket = by_name["databricks: without the tag another tenant is kept out by Databricks alone"]
    other = by_name["databricks: no other tenant of Databricks reads the root bucket"]
    (request,) = prove(bucket.claim).witness
    assert refutes(bucket.claim, (request,)) == "sat"
    assert refutes(other.claim, (request,)) == "unsat"
    assert not confirms(other.claim, (request,))


def test_all_questions_of_the_first_experiment_are_there():
    assert sorted(case.question for case in CASES if case.question) == list(range(1, 12))
    answers = Counter(case.answer for case in CASES)
    assert len(CASES) >= 40
    assert min(answers["proved"], answers["refuted"]) >= 20
    assert answers["unknown"]


def test_unknown_is_said_where_the_evaluator_is_not_certain_either():
    unknown = [case for case in CASES if case.answer == "unknown"]
    for case in unknown:
        found = answer(case.claim)
        if found.verdict == "refuted":
            with pytest.raises(UncertainError):
                confirms(case.claim, found.witness)
        else:
            assert found.verdict == "doubtful"
