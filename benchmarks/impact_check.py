"""Prediction equals reality: what a plan would have refused, and what it then does refuse.

A workload of many people and addresses is run against a pretend deployment over HTTP and recorded
in its audit logs. The plan for the high posture is made, and with it an organisation's own: shorter
IP lists, fewer tokens, narrower cluster policies. `impact` says from the logs, request by request,
what would have been refused. Then the plan is carried out, and the same workload is run again.

    python -m benchmarks.impact_check [--requests N] [--seed N] [--show N] [--blind]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.harden import Memory
from benchmarks.running import Running, running
from benchmarks.workload import ENGINEERS, Answer, Ask, Day, Wires, prepare, run
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import hands
from lakewarden.apply.run import carry_out
from lakewarden.cli.options import Deployment
from lakewarden.cli.pipeline import collect
from lakewarden.cli.settings import load_policy, named_policy, reach_of
from lakewarden.clock import Clock
from lakewarden.estate.catalog import closure
from lakewarden.estate.estate import Estate
from lakewarden.impact.coverage import needs_of
from lakewarden.impact.measure import measure
from lakewarden.impact.replay import Hit
from lakewarden.impact.report import Impact
from lakewarden.impact.rule import families
from lakewarden.plan.change import Change, Target
from lakewarden.plan.paths import values_at
from lakewarden.plan.plan import Plan
from lakewarden.store.audit_files import lines

WORLD: Final = "typical"
_ANALYTICS, _PRODUCTION = "workspace/2001", "workspace/2002"
_ACL: Final = "/access_control_list"
_SHOWN: Final = 20


@dataclass(frozen=True)
class Case:
    """One request, what came of it before and after, and what was predicted."""

    ask: Ask
    before: Answer
    after: Answer
    hit: Hit | None

    @property
    def lost(self) -> bool:
        """Return whether it was let through before, and is refused now."""
        return self.after.refused and not self.before.refused

    @property
    def predicted(self) -> bool:
        """Return whether that was foretold."""
        return self.hit is not None and self.hit.reason.sure

    @property
    def doubted(self) -> bool:
        """Return whether it was said that nobody knows."""
        return self.hit is not None and not self.hit.reason.sure


@dataclass(frozen=True)
class Check:
    """Everything that came of a check.

    Attributes:
        plan: what was carried out.
        impact: what was foretold.
        cases: every request.
        blind: by family of rules, how many requests come out otherwise than foretold without it.
        seconds: what took how long.
    """

    plan: Plan
    impact: Impact
    cases: list[Case]
    blind: dict[str, int]
    seconds: dict[str, float]

    @property
    def compared(self) -> list[Case]:
        """Return the cases of which events can tell."""
        return [case for case in self.cases if not case.ask.silent]

    @property
    def doubted(self) -> list[Case]:
        """Return the cases of which it was said that nobody can know."""
        return [case for case in self.compared if case.doubted]

    @property
    def mismatches(self) -> list[Case]:
        """Return the cases that came out otherwise than foretold."""
        return _mismatches(self.cases)


def check(
    requests: int, seed: int, controls: Sequence[str] = (), blinded: Sequence[str] = ()
) -> Check:
    """Run a workload, foretell, carry the plan out, and run the workload again.

    Args:
        requests: how many requests.
        seed: what they are drawn from.
        controls: plan for these controls of the high posture; none for all of them.
        blinded: foretell without each of these families of rules as well, which must go wrong.
    """
    seconds: dict[str, float] = {}
    with running(WORLD) as world, _timed(seconds, "all"):
        wires = Wires(world)
        asks = Day(wires, prepare(wires), seed).asks(requests)
        with _timed(seconds, "recording"):
            before = run(wires, asks)
        with _timed(seconds, "planning"):
            plan = _plan(world, controls)
        with _timed(seconds, "predicting"):
            impact, *foretold = _predict(plan, blinded)
        with _timed(seconds, "applying"):
            carry_out(world.doors(), plan.changes, Memory())
        with _timed(seconds, "replaying"):
            after = run(wires, asks)
    pairs = list(zip(asks, before, after, strict=True))
    cases, *others = ([Case(*p, told.get(p[1].request)) for p in pairs] for told in foretold)
    blind = {n: len(_mismatches(c)) for n, c in zip(blinded, others, strict=True)}
    return Check(plan, impact, cases, blind, seconds)


def _names() -> list[str]:
    return list(dict.fromkeys(family.name for family in families()))


def _mismatches(cases: list[Case]) -> list[Case]:
    """Return the requests that came out otherwise than foretold."""
    told = (case for case in cases if not case.ask.silent and not case.doubted)
    return [case for case in told if case.lost != case.predicted]


def _plan(world: Running, controls: Sequence[str]) -> Plan:
    """Return the plan of the controls, and after it what else the organisation wants."""
    planned = world.plan(controls).changes
    own = _own(world.doors(), world.world.references)
    taken = {change.address for change in planned}
    return Plan(world.origin(), (*planned, *(c for c in own if c.address not in taken)))


def _own(doors: Doors, known: dict[str, str]) -> Iterator[Change]:
    """Yield what an organisation may want beside the controls."""
    etl = known["application.ty-etl"]
    for (kind, scope, key), values in _wanted(known, etl).items():
        target = Target(kind, scope, key)
        if values is None or key.startswith("label="):
            found = None if values else hands()[kind].read(doors, target)
            yield Change(target, key, found and {"/token_id": key}, values)
            continue
        document = hands()[kind].read(doors, target)
        yield Change(target, key, values_at(document, values), values)
    (everybody,) = (
        group["id"]
        for group in doors.databricks(_ANALYTICS).get("/api/2.0/preview/scim/v2/Groups")[
            "Resources"
        ]
        if group["displayName"] == "users"
    )
    right = {"/entitlements/[value=allow-cluster-create]": None}
    yield _edited(doors, Target("entitlements", _ANALYTICS, everybody), right)
    office = _list_id(doors, _ANALYTICS)
    narrow = {"/ip_addresses": ["203.0.113.0/25"]}
    yield _edited(doors, Target("ip_access_list", _ANALYTICS, office), narrow)
    console = _list_id(doors, "account")
    narrow = {"/ip_addresses": ["203.0.113.0/26"]}
    yield _edited(doors, Target("ip_access_list", "account", console), narrow)


def _wanted(known: dict[str, str], etl: str) -> dict[tuple[str, str, str], Any]:
    """Return values by path, by kind, scope and key; None for what is to go."""
    use = "CAN_USE"
    return {
        ("ip_access_list", _ANALYTICS, "label=guests"): {
            "/label": "guests",
            "/list_type": "BLOCK",
            "/ip_addresses": ["203.0.113.64/28"],
        },
        ("token", _ANALYTICS, known["token.dbt"]): None,
        ("permissions", _ANALYTICS, "authorization/tokens"): {
            _ACL: [{"service_principal_name": etl, "permission_level": use}]
        },
        ("permissions", _ANALYTICS, "authorization/passwords"): {
            _ACL: [{"group_name": "ty-break-glass", "permission_level": use}]
        },
        ("permissions", _ANALYTICS, f"clusters/{known['cluster.dbt-development']}"): {
            _ACL: [
                {"user_name": "amelie.roux@typical.example", "permission_level": "CAN_MANAGE"},
                {"user_name": "hugo.martin@typical.example", "permission_level": "CAN_RESTART"},
            ]
        },
        ("permissions", _PRODUCTION, f"jobs/{known['job.build-sales']}"): {
            _ACL: [
                {"service_principal_name": known["application.ty-ci"]}
                | {"permission_level": "IS_OWNER"},
                {"user_name": "daan.visser@typical.example", "permission_level": "CAN_MANAGE_RUN"},
            ]
        },
        ("permissions", _ANALYTICS, f"cluster-policies/{known['policy.ty-engineers']}"): {
            _ACL: [
                {"service_principal_name": etl, "permission_level": use},
                *({"user_name": name, "permission_level": use} for name in ENGINEERS[:5]),
            ]
        },
        ("cluster_policy", _ANALYTICS, known["policy.ty-scientists"]): {
            "/definition/autotermination_minutes": {
                "type": "range",
                "minValue": 10,
                "maxValue": 120,
            },
            "/definition/num_workers": {"type": "range", "maxValue": 4, "isOptional": True},
            "/definition/docker_image.url": {"type": "forbidden"},
        },
        ("cluster_policy", _ANALYTICS, known["policy.ty-analysts"]): {"/max_clusters_per_user": 1},
        ("cluster_policy", _PRODUCTION, known["policy.ty-production-jobs"]): {
            "/definition/autoscale.max_workers": {"type": "range", "maxValue": 4}
        },
        ("artifact_allowlist", _ANALYTICS, "LIBRARY_MAVEN"): {
            "/artifact_matchers": [{"artifact": "com.acme:", "match_type": "PREFIX_MATCH"}]
        },
        ("workspace_conf", _ANALYTICS, "enableTokensConfig"): {"/value": "true"},
        ("workspace_conf", _PRODUCTION, "enableExportNotebook"): {"/value": "false"},
        ("account_user", "account", _user_id(known, "lucia.moreno")): {"/active": False},
    }


def _user_id(known: dict[str, str], name: str) -> str:
    return known[f"user.{name}@typical.example"]


def _list_id(doors: Doors, scope: str) -> str:
    host = doors.databricks(scope)
    base = "/api/2.0"
    if scope == "account":
        base += f"/accounts/{doors.account_id}"
    return str(host.get(f"{base}/ip-access-lists")["ip_access_lists"][0]["list_id"])


def _edited(doors: Doors, target: Target, values: dict[str, Any]) -> Change:
    document = hands()[target.kind].read(doors, target)
    return Change(target, target.key, values_at(document, values), values)


def _predict(plan: Plan, blinded: Sequence[str]) -> Iterator[Any]:
    """Read the deployment and replay its logs.

    Yields the impact, what was told of each request, and what is told without each family.
    """
    policy = load_policy(named_policy())
    reach = replace(reach_of(Deployment.from_environment(), policy), use_aws=False)
    needed = closure(needs_of(plan.changes))
    with tempfile.TemporaryDirectory() as scratch:
        found = collect(reach, Path(scratch) / "snapshot", policy, Clock(), lambda _: needed)
        folder, estate = Path(os.environ["LAKEWARDEN_EVENTS"]), Estate(found)
        told: dict[str, Hit] = {}
        yield measure(plan, estate, lines(folder), _into(told))
        yield told
        for name in blinded:
            told = {}
            rest = [family for family in families() if family.name != name]
            measure(plan, estate, lines(folder), _into(told), rest)
            yield told


def _into(told: dict[str, Hit]) -> Callable[[Hit], None]:
    def tell(hit: Hit) -> None:
        told[hit.event.request] = hit

    return tell


@contextmanager
def _timed(seconds: dict[str, float], what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds[what] = time.monotonic() - began


def main(arguments: list[str]) -> int:
    """Check, and print what came of it; return 0 when everything was as foretold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.impact_check")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=_SHOWN)
    parser.add_argument("--blind", action="store_true", help="foretell without each family, too")
    options = parser.parse_args(arguments)
    blinded = _names() if options.blind else ()
    found = check(options.requests, options.seed, blinded=blinded)
    _print_kinds(found)
    _print_matters(found)
    _print_mismatches(found, options.show)
    silent = [case for case in found.cases if case.ask.silent]
    lost = sum(case.lost for case in silent)
    print(f"{len(silent)} requests that leave no event, of which {lost} are refused now")
    for family, number in found.blind.items():
        print(f"{number} come out otherwise without the rules about {family}")
    timing = ", ".join(f"{what} {spent:.1f} s" for what, spent in found.seconds.items())
    print(f"{len(found.plan.changes)} changes; {timing}")
    doubted, wrong = len(found.doubted), len(found.mismatches)
    right = len(found.compared) - wrong - doubted
    print(f"{right} of {len(found.compared)} requests came out as foretold, {wrong} did not")
    print(f"{doubted} were said to be unknown")
    return 1 if found.mismatches else 0


def _print_kinds(found: Check) -> None:
    print(f"{'kind':24}{'requests':>9}{'refused before':>16}{'foretold':>10}{'refused now':>13}")
    asked: Counter[str] = Counter(case.ask.kind for case in found.compared)

    def count(kind: str, wanted: Callable[[Case], bool]) -> int:
        return sum(1 for c in found.compared if c.ask.kind == kind and wanted(c))

    for kind, number in sorted(asked.items()):
        before = count(kind, lambda c: c.before.refused)
        foretold = count(kind, lambda c: c.predicted)
        lost = count(kind, lambda c: c.lost)
        print(f"{kind:24}{number:9}{before:16}{foretold:10}{lost:13}")


def _print_matters(found: Check) -> None:
    matters = Counter(
        (case.hit.family, case.hit.reason.text) for case in found.compared if case.hit
    )
    for (family, text), number in matters.most_common():
        print(f"  {number:6}  {family}: {text}")


def _print_mismatches(found: Check, most: int) -> None:
    for case in found.mismatches[:most]:
        said = case.hit.reason if case.hit else "nothing"
        print(
            f"MISMATCH {case.ask.kind} of {case.ask.who} from {case.ask.address} in "
            f"{case.ask.place}: {case.before.status} then {case.after.status} "
            f"({case.after.why or 'let through'}); foretold: {said}; asked: {case.ask.body}"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
