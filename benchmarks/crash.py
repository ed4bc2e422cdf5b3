"""Kills a run at every step of a plan of forty changes, and looks whether it can be settled.

A world is served, and the hardening plan for it made. Then, for every step and each of three
moments (before it writes, after it wrote, and after it was noted as done), a process that carries
out the plan is killed there with SIGKILL. What is left is settled by taking the run up again, or
by undoing it, in turn; everything must then be exactly as planned, or exactly as it was.

    python -m benchmarks.crash [CHANGES]
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final

from benchmarks.running import running
from lakewarden.apply.doors import Doors
from lakewarden.apply.run import State, carry_out, look
from lakewarden.cli.options import Deployment
from lakewarden.cli.settings import reach_of
from lakewarden.clock import Clock
from lakewarden.controls.kit.registry import controls
from lakewarden.plan.change import Attributes, Change
from lakewarden.plan.plan import Plan, plan_from_json
from lakewarden.policyfile.policy import Policy
from lakewarden.store.journal import Journal, RunJournal, RunRecord, RunState

WORLD: Final = "neglected"
CHANGES: Final = 40
_SHELVES: Final = frozenset({"compute", "identity", "resilience"})
"""Where the controls stand whose changes are killed: those of many kinds, and of no policies."""
_VOLATILE: Final = frozenset(
    {"etag", "last_modified", "last_restarted_time", "updated_at", "updated_by"}
    | {"created_at", "created_by"}
)
"""What the platform notes of each change; an allow-list is created by each."""


class Moment(Enum):
    """When the process is killed, around one step."""

    INTENDED = "after it was journalled"
    WRITTEN = "after it was written"
    DONE = "after it was noted as done"


@dataclass(frozen=True)
class Crash:
    """Where a run was killed, how it was settled, and what was wrong then."""

    step: int
    moment: Moment
    settled: str
    problem: str


class Deadly:
    """A journal that kills its process at one moment."""

    def __init__(self, journal: RunJournal, step: int, moment: Moment) -> None:
        self._journal = journal
        self._at = (step, moment)

    def intend(self, number: int, address: str, before: Attributes | None) -> None:
        """Note it, and perhaps die."""
        self._journal.intend(number, address, before)
        self._perhaps(number, Moment.INTENDED)

    def done(self, number: int) -> None:
        """Die before or after noting it."""
        self._perhaps(number, Moment.WRITTEN)
        self._journal.done(number)
        self._perhaps(number, Moment.DONE)

    def _perhaps(self, number: int, moment: Moment) -> None:
        if (number, moment) == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


class Settling:
    """Kills runs of one plan and settles them, in a process without threads."""

    def __init__(self, plan: Plan, store: str) -> None:
        self._plan = plan
        self._store = store
        self._reach = reach_of(Deployment.from_environment(), Policy())
        self._original = self._documents()

    def crashes(self, *, every: bool) -> Iterator[Crash]:
        """Yield what came of each crash: at every moment of a step, or at one in turn."""
        turn = 0
        for step in range(len(self._plan.changes)):
            for number, moment in enumerate(Moment):
                if every or number == step % len(Moment):
                    turn += 1
                    yield self._crash(step, moment, undo=turn % 2 == 0)

    def _crash(self, step: int, moment: Moment, *, undo: bool) -> Crash:
        run = self._killed(step, moment)
        if undo:
            self._undo(run)
            problem = "" if self._documents() == self._original else "it is not as it was"
            return Crash(step, moment, "undone", problem)
        self._resume(run)
        doors = self._doors()
        looks = [look(doors, change) for change in self._plan.changes]
        apart = [one.change.address for one in looks if one.state is not State.AFTER]
        self._undo(run)
        if not apart and self._documents() != self._original:
            apart = ["what undoing left"]
        return Crash(step, moment, "resumed", ", ".join(apart))

    def _killed(self, step: int, moment: Moment) -> str:
        run = RunRecord(
            Clock().run_id(),
            "apply",
            "",
            self._plan.origin.account_id,
            Clock().now().isoformat(),
            RunState.RUNNING,
            "",
            self._plan.as_json(),
        )
        child = os.fork()
        if child == 0:
            mine = Journal.open(self._store).begin(run)
            carry_out(self._doors(), self._plan.changes, Deadly(mine, step, moment))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            raise RuntimeError(f"the run was not killed at step {step}")
        return run.id

    def _resume(self, run: str) -> None:
        journal = Journal.open(self._store)
        mine = journal.resume(journal.find(run))
        carry_out(self._doors(), self._plan.changes, mine)
        mine.finish(RunState.APPLIED)
        journal.close()

    def _undo(self, run: str) -> None:
        journal = Journal.open(self._store)
        old = journal.find(run)
        back = [
            self._plan.changes[step.number].taking_back(step.before) for step in reversed(old.steps)
        ]
        identity = Clock().run_id()
        mine = journal.begin(replace(old, id=identity, verb="undo", of=old.id, steps=()))
        carry_out(self._doors(), back, mine)
        mine.finish(RunState.APPLIED)
        journal.mark_undone(run)
        journal.close()

    def _doors(self) -> Doors:
        """Return new doors: nothing may be left of what a process knew that was killed."""
        return Doors(self._reach, dict(self._reach.workspace_urls))

    def _documents(self) -> dict[str, Any]:
        doors = self._doors()
        found = {c.address: look(doors, c).found for c in self._plan.changes}
        return {address: _lasting(document) for address, document in found.items()}


def _lasting(document: Mapping[str, Any] | None) -> Any:
    """Return what is to be as it was; what was last asked of a cluster is beside what it is."""
    asked = {"spec"} if document and "cluster_id" in document else set()
    return document and {k: v for k, v in document.items() if k not in _VOLATILE | asked}


def undoable(changes: tuple[Change, ...]) -> Iterator[Change]:
    """Yield the changes that can be taken back to exactly what was there."""
    for change in changes:
        before = change.before or {}
        if not change.irreversible and not any(before.get(p) is None for p in change.instead):
            yield change


def mixed(changes: Sequence[Change], count: int) -> tuple[Change, ...]:
    """Return some changes in their order, one of each kind before a second of any."""
    seen: set[str] = set()
    again = []
    for number, change in enumerate(changes):
        again.append((change.target.kind in seen, number))
        seen.add(change.target.kind)
    return tuple(changes[number] for number in sorted(n for _, n in sorted(again)[:count]))


def crashes(count: int = CHANGES, *, every: bool = False) -> list[Crash]:
    """Serve the world, plan for it, and kill and settle runs of the plan."""
    with running(WORLD) as world, tempfile.TemporaryDirectory() as scratch:
        plan = world.plan([c.id for c in controls() if c.shelf in _SHELVES])
        some = mixed(list(undoable(plan.changes)), count)
        plan = replace(plan, changes=some, manual=(), blocked=())
        if len(plan.changes) < count:
            raise RuntimeError(f"the plan has {len(plan.changes)} changes, not {count}")
        store = f"sqlite:///{Path(scratch) / 'journal.db'}"
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(_settled, (json.dumps(plan.as_json()), store, every))


def _settled(plan: str, store: str, every: bool) -> list[Crash]:  # noqa: FBT001  # a pool passes by place
    return list(Settling(plan_from_json(json.loads(plan)), store).crashes(every=every))


def main(count: int) -> int:
    """Kill and settle at every moment of every step; return 0 when all came out."""
    found = crashes(count, every=True)
    for crash in found:
        if crash.problem:
            print(
                f"PROBLEM step {crash.step}, {crash.moment.value}, {crash.settled}: {crash.problem}"
            )
    wrong = sum(bool(crash.problem) for crash in found)
    for settled in ("resumed", "undone"):
        print(f"{sum(c.settled == settled for c in found)} runs killed and {settled}")
    print(f"{wrong} of {len(found)} ended neither as planned nor as before")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else CHANGES))
