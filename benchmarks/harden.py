"""Every control that a plan can mend: broken, planned, applied, planned again, and undone.

One thing is broken in a world where all is well, as `benchmarks.mutate` does. Then, over HTTP and
with the real clients: the control fails, the plan for it is carried out, the control passes, a
second plan is empty, and undoing gives back the snapshot that was there before, record by record.

    python -m benchmarks.harden [CONTROL ...]
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from benchmarks.mutate import WORLD, Mutation, read
from benchmarks.running import Outcome, Running, running
from benchmarks.steps import take
from lakewarden.apply.run import carry_out
from lakewarden.controls.kit.registry import controls
from lakewarden.ledger.finding import Verdict
from lakewarden.plan.change import Attributes, Change
from lakewarden.plan.plan import Plan


@dataclass(frozen=True)
class Loop:
    """What came of one control; `problems` is empty when it went round.

    Attributes:
        control: its id.
        changes: the addresses that the plan changed.
        problems: what did not come out.
    """

    control: str
    changes: tuple[str, ...]
    problems: tuple[str, ...]


class Memory:
    """A journal that lives as long as the loop."""

    def __init__(self) -> None:
        self.before: dict[int, Attributes | None] = {}

    def intend(self, number: int, address: str, before: Attributes | None) -> None:  # noqa: ARG002  # a real one shows it
        """Keep what a change finds."""
        self.before[number] = before

    def done(self, number: int) -> None:
        """Keep nothing more."""


def attempt(control: str) -> Loop:
    """Serve the world, break one control, and go round once."""
    mutation = read(control)
    with running(WORLD) as world:
        take(world, mutation.mendable or mutation.steps)
        plan, problems = Plan(world.origin(), ()), []
        try:
            plan = world.plan((control,))
            problems = list(_round(world, mutation, plan))
        except Exception as error:  # noqa: BLE001  # one control must not end the whole run
            problems.append(f"{type(error).__name__}: {error}")
        return Loop(control, tuple(c.address for c in plan.changes), tuple(problems))


def _round(world: Running, mutation: Mutation, plan: Plan) -> Iterator[str]:
    only = (mutation.control,)
    before = world.assess(only=only)
    yield from _unlike(before, mutation.becomes, "before")
    yield from (f"not planned for {b.reason.name}: {b.why}" for b in plan.blocked)
    if not plan.changes:
        yield "the plan changes nothing"
    journal = Memory()
    carry_out(world.doors(), plan.changes, journal)
    after = world.assess(only=only)
    bad = [f for f in after.findings if f.verdict in {Verdict.FAIL, Verdict.UNKNOWN}]
    yield from (f"after apply {f.subject.name} is {f.verdict}: {f.reason}" for f in bad)
    again = world.plan(only)
    yield from (f"a second plan changes {c.address}" for c in again.changes)
    if any(change.irreversible for change in plan.changes):
        return
    carry_out(world.doors(), _inverse(plan, journal), Memory())
    yield from _apart(before.records, world.assess(only=only).records)


def _inverse(plan: Plan, journal: Memory) -> Iterator[Change]:
    for number, change in reversed(list(enumerate(plan.changes))):
        if number in journal.before:
            yield change.taking_back(journal.before[number])


def _unlike(outcome: Outcome, wanted: Verdict, when: str) -> Iterator[str]:
    if not any(f.verdict is wanted for f in outcome.findings):
        yield f"nothing is {wanted} {when}"


def _apart(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield where two snapshots differ, but for what is volatile."""
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old != new:
            yield f"undo left {key}: {json.dumps(old)[:200]} is {json.dumps(new)[:200]}"


def main(chosen: list[str]) -> int:
    """Go round with the controls; return 0 when all of them came round."""
    wanted = chosen or [c.id for c in controls() if c.fixable]
    wrong = 0
    # Not an executor: Python 3.11's waits for ever when all its processes end at the same time.
    with get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=8) as pool:
        for loop in pool.imap(attempt, wanted):
            wrong += bool(loop.problems)
            print(f"{loop.control}: {', '.join(loop.changes) or 'no change'}", flush=True)
            for problem in loop.problems:
                print(f"    PROBLEM {problem}")
    print(f"{len(wanted) - wrong} of {len(wanted)} controls: FAIL, plan, apply, PASS, undo")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
