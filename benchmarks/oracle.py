"""The engine beside an oracle that shares nothing with it: random policies, put to both.

The oracle writes each claim as SMT-LIB, from AWS's documentation, and cvc5 answers. They disagree
when one proves what the other refutes, or when a witness of one is none for the other. Unknowns
are counted on each side; where something hangs on what AWS does not say, both have to say so.
Then random requests are put to the engine and to the concrete evaluator, which must agree.

`python -m benchmarks.oracle PAIRS REQUESTS FIRST`; `-v` names every unknown.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from random import Random
from typing import Final

from benchmarks import fuzz
from benchmarks.policies import claim as drawn
from lakewarden.proofs.oracle.answer import answer, refutes
from lakewarden.proofs.oracle.use import OracleError
from lakewarden.proofs.policy.evaluate import UncertainError, confirms
from lakewarden.proofs.policy.prove import Outcome, Proof, prove
from lakewarden.proofs.policy.scene import Claim, Request

PAIRS: Final = 2_000
REQUESTS: Final = 26_000
"""About a fifth cannot be drawn: what is left is over 20,000."""
AGREED: Final = frozenset({"proved by both", "refuted by both", "unknown to both"})
SILENT: Final = frozenset({"unknown to the engine", "unknown to the oracle"})


def compare(claim: Claim) -> str:
    """Return how engine and oracle stand to each other on a claim."""
    proof = prove(claim)
    try:
        second = answer(claim)
    except OracleError:
        unknown = proof.outcome is Outcome.UNKNOWN
        return "unknown to both" if unknown else "unknown to the oracle"
    if proof.outcome is Outcome.REFUTED:
        return _refuted(claim, proof, second.verdict)
    if proof.outcome is Outcome.PROVED:
        known = {"proved": "proved by both", "late": "unknown to the oracle"}
        return known.get(second.verdict, "proved by the engine alone")
    if second.verdict == "refuted":
        return _undecided(claim, second.witness)
    both = second.verdict in {"doubtful", "late"}
    return "unknown to both" if both else "unknown to the engine"


def _refuted(claim: Claim, proof: Proof, verdict: str) -> str:
    if verdict == "proved":
        return "refuted by the engine alone"
    taken = refutes(claim, proof.witness)
    if taken == "unsat":
        return "the oracle takes no such witness"
    return "refuted by both" if taken == "sat" else "unknown to the oracle"


def _undecided(claim: Claim, witness: tuple[Request, ...]) -> str:
    try:
        if confirms(claim, witness):
            return "unknown to the engine"
    except UncertainError:
        return "unknown to both"
    return "the evaluator takes no such witness"


def _drawn(seed: int) -> str:
    return compare(drawn(Random(seed)))  # noqa: S311  # seeded, to be drawn again


def main() -> int:
    """Run; return 1 on a disagreement."""
    given = [int(text) for text in sys.argv[1:] if text.isdigit()]
    pairs, count, first = (*given, *(PAIRS, REQUESTS, 0)[len(given) :])
    found: Counter[str] = Counter()
    began = time.monotonic()
    seeds = range(first, first + pairs)
    with ProcessPoolExecutor() as pool:
        for seed, standing in zip(seeds, pool.map(_drawn, seeds, chunksize=20), strict=True):
            found[standing] += 1
            if standing not in AGREED and (standing not in SILENT or "-v" in sys.argv):
                print(f"  seed {seed}: {standing}", flush=True)
    wrong = found.keys() - AGREED - SILENT
    for standing, number in found.most_common():
        print(f"{standing:36} {number:6,} {number / pairs:7.1%}")
    seconds = time.monotonic() - began
    print(f"{pairs:,} claims, {sum(found[one] for one in wrong)} disagreements, {seconds:.0f} s")
    return fuzz.main(count, first) | bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
