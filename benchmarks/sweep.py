"""The fault sweep: break every call that an assessment makes, one at a time, in every way.

For each endpoint that the world `high-security` is read from, and for each kind of fault, the
world is assessed once. A PASS whose evidence came from the broken call is a false PASS. There must
be none; nothing may crash; the exit code must say that the run is incomplete; and some finding must
name the call and the grant.

`drop:FIELD` removes one field that records read, everywhere in the answer. Where its absence has a
meaning in the wire format, a control may FAIL on it instead of not knowing; where no verdict rests
on it, nothing may change.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.running import Outcome, Running, running
from lakewarden.clients.patience import Patience
from lakewarden.collect.lists import LISTS
from lakewarden.controls.kit.registry import chosen, needs_of
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.record import plan_of
from lakewarden.ledger.finding import Verdict
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED, EXIT_INCOMPLETE
from lakewarden.policyfile.policy import Posture

WORLD: Final = "high-security"
KINDS_OF_FAULT: Final = ("401", "403", "404", "429", "500", "timeout", "truncate")
_IMPATIENT: Final = Patience(connect=2.0, answer=0.6, retry=0.2)
_IDENTITY: Final = re.compile(r"/(\d+|[0-9a-f]{8}-[0-9a-f-]{27,})(?=/|$)")


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint that an assessment reads from.

    Attributes:
        fault: how a fault names it, `GET /api/2.0/…` or `AWS s3:GetBucketPolicy`.
        sources: the kinds' sources that it feeds.
        fields: the fields that records read from it.
        controls: the controls that its answer can reach; no other verdict can change.
    """

    fault: str
    sources: frozenset[str]
    fields: tuple[str, ...]
    controls: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """What the sweep came to."""

    runs: int = 0
    depended: int = 0
    false_passes: int = 0
    problems: list[str] | None = None

    def blame(self, run: str, what: str) -> None:
        """Note that a run did not do what it must."""
        self.problems = [*(self.problems or ()), f"{run}: {what}"]


def calls_of(log: Path) -> list[Call]:
    """Return the endpoints that the request log names, as the collectors know them."""
    seen: set[str] = set()
    for line in log.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["method"] == "AWS":
            seen.add(f"AWS {entry['path']}")
        elif entry["method"] == "GET" and not entry["path"].startswith(("/.well-known", "/oidc")):
            seen.add(f"GET {_IDENTITY.sub('/*', entry['path'])}")
    return [_call(fault) for fault in sorted(seen)]


def _call(fault: str) -> Call:
    wanted = {need.kind for need in needs_of(chosen(Posture.HIGH))}
    kinds = [KINDS[name] for name in sorted(wanted) if _feeds(fault, KINDS[name].source)]
    fields = {step for kind in kinds for plan in plan_of(kind.record) for step in plan.steps[:1]}
    fields |= {LISTS[kind].envelope for kind in kinds if kind in LISTS}
    names = {kind.name for kind in kinds}
    reached = [c.id for c in chosen(Posture.HIGH) if names & {n.kind for n in needs_of([c])}]
    sources = frozenset(kind.source for kind in kinds)
    return Call(fault, sources, tuple(sorted(fields - {""})), tuple(reached))


def _feeds(fault: str, source: str) -> bool:
    if fault.startswith("AWS "):
        return fault == f"AWS {source}"
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(source))
    return re.fullmatch(pattern, fault) is not None


def faults_of(call: Call) -> Iterator[str]:
    """Yield every fault for a call."""
    for kind in KINDS_OF_FAULT:
        yield f"{call.fault}={kind}"
    for field in call.fields:
        yield f"{call.fault}=drop:{field}"


def try_fault(
    world: Running, call: Call, fault: str, known: dict[str, Verdict], score: Score
) -> int:
    """Assess with one fault and keep the score; return the exit code."""
    world.world.order([fault])
    outcome = world.assess(only=call.controls)
    score.runs += 1
    dropped = fault.rpartition("=drop:")[2] if "=drop:" in fault else None
    for finding in outcome.findings:
        hit = [
            e
            for e in finding.evidence
            if e.source in call.sources and dropped in (None, e.field.split(".")[0])
        ]
        score.depended += bool(hit)
        if hit and finding.verdict is Verdict.PASS:
            score.false_passes += 1
            score.blame(fault, f"{finding.control} passes on {hit[0].source}")
    if dropped is None:
        _incomplete(fault, call, outcome, score)
    elif outcome.exit_code == EXIT_CLEAN and not _verdicts(outcome).items() <= known.items():
        score.blame(fault, "verdicts changed, and the exit code says that all is well")
    return outcome.exit_code


def _incomplete(fault: str, call: Call, outcome: Outcome, score: Score) -> None:
    if outcome.exit_code != EXIT_INCOMPLETE:
        score.blame(fault, f"exit code {outcome.exit_code}")
    named = [
        f
        for f in outcome.findings
        if f.verdict is Verdict.UNKNOWN and f.needs and any(s in f.reason for s in call.sources)
    ]
    if call.sources and not named:
        score.blame(fault, "no finding names the call and the grant")


def _verdicts(outcome: Outcome) -> dict[str, Verdict]:
    return {finding.id: finding.verdict for finding in outcome.findings}


def main() -> int:
    """Run the whole sweep; return 0 when it found nothing."""
    score, codes = Score(), Counter[int]()
    with running(WORLD, _IMPATIENT) as world:
        clean = world.assess()
        known = _verdicts(clean)
        calls = calls_of(world.log)
        print(f"{WORLD}: {len(clean.findings)} findings, exit code {clean.exit_code}")
        for call in calls:
            results = Counter(try_fault(world, call, f, known, score) for f in faults_of(call))
            codes += results
            print(f"  {call.fault}: {dict(sorted(results.items()))}", flush=True)
    for problem in score.problems or ():
        print(f"PROBLEM {problem}")
    print(
        f"{len(calls)} calls broken in {score.runs} runs; exit codes {dict(sorted(codes.items()))}"
    )
    print(
        f"(code {EXIT_FAILED}: a dropped field whose absence is the insecure state; "
        f"code {EXIT_CLEAN}: a dropped field that no verdict rests on)"
    )
    print(f"false PASS: {score.false_passes} of {score.depended}")
    return 1 if score.problems else 0


if __name__ == "__main__":
    sys.exit(main())
