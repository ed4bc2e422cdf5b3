"""The fault sweep: break every call that an assessment makes, one at a time, in every way.

For each endpoint that the world `high-security` is read from, and for each kind of fault, the
world is assessed once. A PASS whose evidence came from the broken call is a false PASS. There must
be none; nothing may crash; the exit code must say that the run is incomplete; and some finding must
name the call and the grant. Where other evidence takes the place of a call, no verdict may change.

`drop:FIELD` removes one field that records read, everywhere in the answer. Where its absence has a
meaning in the wire format, a control may FAIL on it instead of not knowing, and may be excused for
a reason that is written down here; where no verdict rests on it, nothing may change.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Final

from benchmarks.running import Outcome, Running, running
from lakewarden.clients.patience import Patience
from lakewarden.collect import settings
from lakewarden.collect.lists import LISTS
from lakewarden.controls.kit.registry import chosen, needs_of
from lakewarden.estate.access import WORKSPACE_CONF
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.kind import Need
from lakewarden.estate.record import plan_of
from lakewarden.ledger.finding import Evidence, Verdict
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_FAILED, EXIT_INCOMPLETE
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy

WORLD: Final = "high-security"
KINDS_OF_FAULT: Final = ("401", "403", "404", "429", "500", "timeout", "truncate")
IMPATIENT: Final = Patience(connect=4.0, answer=2.5, retry=1.0)
_WORKERS: Final = 3 * (os.cpu_count() or 1)
"""More than there are processors: most of the time goes into waiting for time-outs."""
_WIRE: Final = {
    "AWS s3:GetBucketEncryption": ("SSEAlgorithm", "KMSMasterKeyID", "Rules"),
    "AWS iam:GetRole": ("AssumeRolePolicyDocument",),
}
"""Fields that a collector reads under another name than its record's."""
_PART_OF: Final = {"AWS s3:ListBuckets": "account_public_access"}
"""Kinds whose records a call goes into beside the one that they name as their source."""
_HIGH: Final = Policy(Posture.HIGH)
_WORKSPACES: Final = "GET /api/2.0/accounts/*/workspaces"
_SILENCE: Final = {
    ("AWS s3:GetBucketVersioning", "Status"): "versioning was never enabled",
    ("GET /api/2.0/accounts/*/network-policies", "allow_rules"): "a restriction lets nobody in",
    (_WORKSPACES, "network_id"): "Databricks makes the network",
    (_WORKSPACES, "storage_customer_managed_key_id"): "it has no key of its own",
    (_WORKSPACES, "managed_services_customer_managed_key_id"): "it has no key of its own",
    (_WORKSPACES, "network_connectivity_config_id"): "it has no private endpoints",
    ("GET /api/2.1/clusters/list", "policy_id"): "no policy binds the cluster",
    ("GET /api/2.1/unity-catalog/catalogs", "storage_root"): "the metastore keeps its tables",
}
"""Absences by which the wire format says something, and what: a verdict may rest on them."""
_EXCUSED: Final = {
    ("GET /api/2.0/ip-access-lists", "ip_addresses"): "strangers are kept out by other ways",
    ("GET /api/2.0/workspace-conf", "enableIpAccessLists"): "strangers are kept out by other ways",
}
"""Fields without which a control cannot pass, and another's verdict excuses it, and why."""
_REPLACED: Final = {
    "AWS ec2:DescribeEgressOnlyInternetGateways": "no route leads to one",
    "AWS ec2:DescribeInstanceTypes": "the dated table of machine families takes its place",
    "AWS ec2:DescribeInternetGateways": "what gets to one goes by an allowed name",
    "AWS ec2:DescribeManagedPrefixLists": "what gets to them arrives at an endpoint",
    "AWS ec2:DescribeNetworkInterfaces": "no node is beside an internet gateway",
    "AWS ec2:DescribeTransitGatewayAttachments": "no route leads to one",
    "AWS ec2:DescribeTransitGatewayRouteTables": "no route leads to a transit gateway",
    "AWS ec2:DescribeTransitGatewayVpcAttachments": "no route leads to one",
    "AWS ec2:GetManagedPrefixListEntries": "what gets to them arrives at an endpoint",
    "AWS organizations:DescribeOrganization": "what it refuses, the roles are refused already",
    "AWS s3:GetObjectLockConfiguration": "the policy of the bucket keeps versions without a lock",
    "AWS s3:ListBuckets": "whose a bucket is decides only where its own switches are off",
    "AWS s3control:GetPublicAccessBlock": "the switches of every bucket are on themselves",
    "GET /api/2.0/permissions/cluster-policies/*": "every policy limits all who may use it",
}
"""Calls in whose place other evidence decides in this world, and why: no verdict may change."""
_IDENTITY: Final = re.compile(r"/(\d+|[0-9a-f]{8}-[0-9a-f-]{27,})(?=/|$)")


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint that an assessment reads from.

    Attributes:
        fault: how a fault names it, `GET /api/2.0/…` or `AWS s3:GetBucketPolicy`.
        fields: the fields that records read from it.
        controls: the controls that its answer can reach; no other verdict can change.
    """

    fault: str
    fields: tuple[str, ...]
    controls: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """What the sweep came to."""

    runs: int = 0
    depended: int = 0
    false_passes: int = 0
    again: int = 0
    problems: list[str] | None = None

    def blame(self, run: str, what: str) -> None:
        """Note that a run did not do what it must."""
        self.problems = [*(self.problems or ()), f"{run}: {what}"]

    def add(self, other: Score) -> None:
        """Count what another worker came to."""
        self.runs += other.runs
        self.depended += other.depended
        self.false_passes += other.false_passes
        self.again += other.again
        if other.problems:
            self.problems = [*(self.problems or ()), *other.problems]


def calls_of(log: Path, since: int = 0) -> list[Call]:
    """Return the endpoints that the request log names, from a byte of it on."""
    seen: set[str] = set()
    for line in log.read_text("utf-8")[since:].splitlines():
        entry = json.loads(line)
        if entry["method"] == "AWS":
            seen.add(f"AWS {entry['path']}")
        elif entry["method"] == "GET" and not entry["path"].startswith(("/.well-known", "/oidc")):
            seen.add(_endpoint(f"GET {entry['path']}"))
    return [call_of(fault) for fault in sorted(seen)]


def _endpoint(call: str) -> str:
    """Return a call with a star for each id in it, as far as the kinds say what is an id."""
    for kind in KINDS.values():
        if not kind.keyed and feeds(call, kind.source):
            return re.sub(r"\{\w+\}", "*", kind.source)
    return _IDENTITY.sub("/*", call)


def call_of(fault: str) -> Call:
    """Return a call as a fault names it, with what it can reach."""
    needs = needs_of(chosen(_HIGH))
    mine = {n for n in needs if feeds(fault, KINDS[n.kind].call(n.key))}
    mine |= {n for n in needs if n.kind == _PART_OF.get(fault)}
    names = {need.kind for need in mine}
    reached = [c.id for c in chosen(_HIGH) if mine & needs_of([c])]
    fields = {step for n in mine for step in _fields(n)} | set(_WIRE.get(fault, ()))
    fields |= {LISTS[KINDS[name]].envelope for name in names if KINDS[name] in LISTS}
    return Call(fault, tuple(sorted(fields - {""})), tuple(reached))


def _fields(need: Need) -> set[str]:
    kind = KINDS[need.kind]
    if kind is WORKSPACE_CONF:
        return {need.key}
    if need.key in settings.FIELDS:
        return set(settings.FIELDS[need.key].split("."))
    return {plan.steps[-1] for plan in plan_of(kind.record)}


def feeds(fault: str, source: str) -> bool:
    """Return whether a fault hits the call that a source names, placeholders and all."""
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
) -> int | None:
    """Assess with one fault and keep the score.

    Returns:
        The exit code, or None when the fault took nothing out of any answer.
    """
    world.world.order([fault])
    mark = world.log.stat().st_size
    outcome = world.assess(only=call.controls)
    dropped = fault.rpartition("=drop:")[2] if "=drop:" in fault else None
    if dropped is not None and '"spoiled": true' not in world.log.read_text("utf-8")[mark:]:
        return None
    score.runs += 1
    for finding in outcome.findings:
        hit = [e for e in finding.evidence if _rests_on(e, call, dropped)]
        score.depended += bool(hit)
        if hit and finding.verdict is Verdict.PASS and (call.fault, dropped) not in _SILENCE:
            score.false_passes += 1
            score.blame(fault, f"{finding.control} passes on {hit[0].source}")
    if dropped is None and call.fault in _REPLACED:
        _unchanged(fault, outcome, known, score)
    elif dropped is None:
        _incomplete(fault, call, outcome, score)
    elif outcome.exit_code == EXIT_CLEAN and not _explained(call, dropped, outcome, known):
        score.blame(fault, "verdicts changed, and the exit code says that all is well")
    return outcome.exit_code


def _rests_on(evidence: Evidence, call: Call, dropped: str | None) -> bool:
    return feeds(call.fault, evidence.source) and dropped in {None, *evidence.field.split(".")}


def _incomplete(fault: str, call: Call, outcome: Outcome, score: Score) -> None:
    if outcome.exit_code != EXIT_INCOMPLETE:
        score.blame(fault, f"exit code {outcome.exit_code}")
    unknown = [f for f in outcome.findings if f.verdict is Verdict.UNKNOWN and f.needs]
    path = call.fault.partition(" ")[2]
    if not any(_names(f.reason, path) for f in unknown):
        score.blame(fault, "no finding names the call and the grant")


def _explained(call: Call, dropped: str, outcome: Outcome, known: dict[str, Verdict]) -> bool:
    """Return whether verdicts are as they were, or only say for a reason that nothing is asked."""
    changed = {i: v for i, v in verdicts(outcome).items() if known.get(i) is not v}
    reasoned = (call.fault, dropped) in {*_SILENCE, *_EXCUSED}
    return not changed or (reasoned and set(changed.values()) == {Verdict.NOT_APPLICABLE})


def _unchanged(fault: str, outcome: Outcome, known: dict[str, Verdict], score: Score) -> None:
    if not outcome.findings or not verdicts(outcome).items() <= known.items():
        score.blame(fault, "a verdict changed although other evidence decides")


def _names(reason: str, path: str) -> bool:
    """Return whether a reason names a call, whose ids may stand as placeholders."""
    pattern = re.escape(path).replace(re.escape("*"), "[^/ ]+")
    return re.search(pattern, reason) is not None


def verdicts(outcome: Outcome) -> dict[str, Verdict]:
    """Return the verdict of each finding by its id."""
    return {finding.id: finding.verdict for finding in outcome.findings}


@dataclass(frozen=True, slots=True)
class _Station:
    """The world of one worker, and its verdicts when nothing is broken."""

    world: Running
    known: dict[str, Verdict]


_STATIONS: Final[list[_Station]] = []


def _occupy() -> None:
    """Serve a world of this worker's own, for as long as the worker lives."""
    stack = ExitStack()
    Finalize(None, stack.close, exitpriority=1)
    world = stack.enter_context(running(WORLD, IMPATIENT))
    _STATIONS.append(_Station(world, verdicts(world.assess())))


def _sweep(call: Call) -> tuple[Score, Counter[int]]:
    """Break a call in every way."""
    station, score = _STATIONS[0], Score()
    world, known = station.world, station.known
    codes = [try_twice(world, call, fault, known, score) for fault in faults_of(call)]
    return score, Counter(code for code in codes if code is not None)


def try_twice(
    world: Running, call: Call, fault: str, known: dict[str, Verdict], score: Score
) -> int | None:
    """Break a call in one way; what is wrong without a false PASS has to be wrong twice.

    On a busy machine the answer to some other call may come too late, and spoil a verdict of its
    own. A false PASS counts at once.
    """
    mine = Score()
    code = try_fault(world, call, fault, known, mine)
    if mine.problems and not mine.false_passes:
        mine = Score(again=1)
        code = try_fault(world, call, fault, known, mine)
    score.add(mine)
    return code


def main() -> int:
    """Run the whole sweep; return 0 when it found nothing."""
    score, codes = Score(), Counter[int]()
    with running(WORLD, IMPATIENT) as world:
        clean = world.assess()
        calls = calls_of(world.log)
    print(f"{WORLD}: {len(clean.findings)} findings, exit code {clean.exit_code}")
    with ProcessPoolExecutor(_WORKERS, initializer=_occupy) as pool:
        for call, (mine, results) in zip(calls, pool.map(_sweep, calls), strict=True):
            score.add(mine)
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
    print(f"{score.again} runs were made twice, as another answer may have come too late")
    print(f"false PASS: {score.false_passes} of {score.depended}")
    return 1 if score.problems else 0


if __name__ == "__main__":
    sys.exit(main())
