"""Random requests: the engine and the concrete evaluator give the same answer, both ways.

The whole run is `make oracle`.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from benchmarks.fuzz import pinned, request, standing, survives
from benchmarks.policies import claim

from lakewarden.proofs.policy.evaluate import admits
from lakewarden.proofs.policy.prove import Outcome, prove
from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.semantics.iam_documents import Document

REQUESTS = 750
GROUP = 150
FINE = {"agreed", "unknown", "not drawn"}


@pytest.mark.parametrize("first", range(0, REQUESTS, GROUP))
def test_the_engine_says_of_one_request_what_the_evaluator_says(first):
    found = {seed: standing(seed) for seed in range(first, first + GROUP)}
    assert not {seed: said for seed, said in found.items() if said not in FINE}
    counted = Counter(found.values())
    assert counted["agreed"] > GROUP // 2
    assert counted["unknown"] < GROUP // 8


@pytest.mark.parametrize("first", range(5_000, 5_150, 50))
def test_no_request_contradicts_a_proof_and_each_witness_does(first):
    assert not [seed for seed in range(first, first + 50) if not survives(seed)]


def test_random_requests_are_admitted_and_refused():
    said = Counter()
    for seed in range(400):
        random = Random(seed)
        asked = claim(random)
        drawn = request(random, asked)
        if drawn is not None:
            proof = prove(pinned(asked, *drawn))
            said[proof.outcome] += 1
    assert said[Outcome.REFUTED] > 20
    assert said[Outcome.PROVED] > 20


def test_a_pinned_claim_is_about_its_request_alone():
    everything = Layer("policy", (Document((that(),)),))
    random = Random(7)
    asked = Claim(("s3:GetObject",), (), (everything,))
    drawn = request(random, asked)
    assert drawn is not None
    proof = prove(pinned(asked, *drawn))
    assert proof.outcome is Outcome.REFUTED
    (witness,) = proof.witness
    assert (witness.action, witness.resource, witness.principal) == (
        drawn[0].action,
        drawn[0].resource,
        drawn[0].principal,
    )
    assert admits(everything, drawn[0], wide=True)
    for key, values in drawn[0].context.items():
        assert witness.context[key] == values
