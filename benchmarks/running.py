"""A world in this process, read and judged as the command line does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakewarden.apply.doors import Doors
from lakewarden.cli.options import Deployment
from lakewarden.cli.pipeline import Needs
from lakewarden.cli.settings import load_policy, named_policy, reach_of
from lakewarden.cli.simulation import environment, pointed_at, start
from lakewarden.clients.patience import Patience
from lakewarden.clock import Clock, parse_time
from lakewarden.collect.engine import Collector
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.judge import judge
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import chosen, needs_at
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.estate import Estate
from lakewarden.estate.snapshot import Meta
from lakewarden.ledger.finding import Finding, Severity
from lakewarden.ledger.run import Tally
from lakewarden.plan.plan import Origin, Plan
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy
from lakewarden.store.compare import lasting
from lakewarden.store.snapshots import DiskSnapshot, SnapshotWriter

if TYPE_CHECKING:
    from lakewarden.simulate import Simulation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an assessment came to."""

    findings: tuple[Finding, ...]
    exit_code: int
    records: Mapping[str, Any] = field(default_factory=dict)


class Running:
    """A world, and the means to assess it again and again."""

    def __init__(self, world: Simulation, log: Path, patience: Patience | None = None) -> None:
        """Take a world that this process is pointed at, and the log of its requests."""
        self.world = world
        self.log = log
        self._patience = patience
        self.reload()

    def reload(self) -> None:
        """Read the policy file that the environment names, again."""
        self._policy = load_policy(named_policy())
        self._reach = reach_of(Deployment.from_environment(self._patience), self._policy)

    def assess(self, posture: Posture = Posture.HIGH, only: Sequence[str] = ()) -> Outcome:
        """Read and judge the world as it is now."""
        policy = self._policy.everywhere(posture).naming(only)
        selected = chosen(policy)
        with self._read(policy) as (snapshot, context):
            tally = Tally({c.id: c.threats for c in selected})
            findings = tuple(judge(context.estate, selected, context))
            for finding in findings:
                tally.add(finding)
            return Outcome(findings, tally.exit_code(Severity.LOW), dict(_records(snapshot)))

    def plan(self, only: Sequence[str] = (), posture: Posture = Posture.HIGH) -> Plan:
        """Plan for the world as it is now."""
        policy = self._policy.everywhere(posture).naming(only)
        with self._read(policy, planning=True) as (_, context):
            origin = replace(self.origin(), posture=posture.value, controls=tuple(only))
            return plan_for(context.estate, chosen(policy), context, origin)

    def origin(self) -> Origin:
        """Return where a plan of now comes from."""
        return Origin(self._reach.account_id, Clock().now().isoformat(), Posture.HIGH.value)

    def doors(self) -> Doors:
        """Return the doors by which the world is changed."""
        return Doors(self._reach, dict(self._reach.workspace_urls))

    @contextmanager
    def snapshot(self, needs: Needs) -> Iterator[DiskSnapshot]:
        """Read what is needed of the world as it is now, for the length of a block."""
        with tempfile.TemporaryDirectory() as scratch:
            meta = Meta(Clock().now().isoformat(), self._reach.account_id)
            with SnapshotWriter(Path(scratch) / "snapshot", meta) as snapshot:
                Collector(self._reach, needs, snapshot).run()
            yield snapshot

    @contextmanager
    def _read(
        self, policy: Policy, *, planning: bool = False
    ) -> Iterator[tuple[DiskSnapshot, Context]]:
        with self.snapshot(partial(needs_at, policy, planning=planning)) as snapshot:
            estate = Estate(snapshot)
            yield snapshot, Context(estate, policy, parse_time(snapshot.meta.taken))


def _records(snapshot: DiskSnapshot) -> Iterator[tuple[str, dict[str, Any]]]:
    for header in snapshot.headers():
        if header.scope != "events":
            for record in snapshot.collection(KINDS[header.kind], header.scope).seen():
                identity = f"{header.scope} {header.kind} {record.identity()}"
                yield identity, lasting(record, header.kind)


@contextmanager
def running(world: str, patience: Patience | None = None) -> Iterator[Running]:
    """Serve a world with its policy file and its audit logs, and point this process at it."""
    with tempfile.TemporaryDirectory() as scratch:
        events, log = Path(scratch) / "audit", Path(scratch) / "requests.jsonl"
        with (
            start(world, events, request_log=log) as served,
            pointed_at(environment(served, world, events)),
        ):
            yield Running(served, log, patience)
