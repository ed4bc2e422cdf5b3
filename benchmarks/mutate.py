"""Breaks one thing at a time in a world where all is well, and looks who notices.

Every control has a file in `tests/journeys/mutations`: steps that break just it, made through the
public APIs of the simulator and of AWS. The control must then FAIL for the subjects that the file
names, and every other verdict must stay as it was, but for those that the file explains.

    python -m benchmarks.mutate [CONTROL ...]
"""

from __future__ import annotations

import functools
import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.running import Outcome, Running, running
from benchmarks.steps import take
from lakewarden.controls.kit.registry import controls
from lakewarden.ledger.finding import Finding, Verdict

WORLD: Final = "high-security"
FILES: Final = Path(__file__).parent.parent / "tests" / "journeys" / "mutations"
_GOOD: Final = {Verdict.PASS, Verdict.ATTESTED, Verdict.NOT_APPLICABLE}

Key = tuple[str, str]


@dataclass(frozen=True)
class Mutation:
    """A way to break one control.

    Attributes:
        control: the control that must notice.
        what: what is broken, in words.
        fails: the subjects that must fail, `name` or `workspace/name`.
        steps: what is done, one after another.
        also: other controls that notice as well, each with the reason.
        becomes: the verdict of those subjects: UNKNOWN where nothing contradicts a person's word.
        mendable: another way to break it, for `benchmarks.harden`, where people alone mend this.
    """

    control: str
    what: str
    fails: tuple[str, ...]
    steps: tuple[Mapping[str, Any], ...]
    also: Mapping[str, str] = field(default_factory=dict)
    becomes: Verdict = Verdict.FAIL
    mendable: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Noticed:
    """What came of a mutation; `problems` is empty when it is as it should be."""

    mutation: Mutation
    recalled: bool
    problems: tuple[str, ...]


def read(control: str) -> Mutation:
    """Return the mutation of a control.

    Raises:
        FileNotFoundError: it has none.
    """
    table = tomllib.loads((FILES / f"{control}.toml").read_text("utf-8"))
    return Mutation(
        control,
        table["what"],
        tuple(table["fails"]),
        tuple(table["steps"]),
        table.get("also", {}),
        Verdict(table.get("becomes", Verdict.FAIL)),
        tuple(table.get("mendable", ())),
    )


def subjects_of(findings: Iterable[Finding], names: Mapping[str, str]) -> dict[Key, Verdict]:
    """Return the verdicts by control and subject, the subject as people name it."""
    found = {}
    for finding in findings:
        subject = finding.subject
        inside = subject.workspace and subject.kind != "workspace"
        prefix = f"{names[subject.workspace]}/" if inside else ""
        found[finding.control, prefix + subject.name] = finding.verdict
    return found


def compare(
    mutation: Mutation, before: Mapping[Key, Verdict], after: Mapping[Key, Verdict]
) -> Noticed:
    """Hold the verdicts after a mutation against those before it."""
    wanted = mutation.becomes
    missed = [s for s in mutation.fails if after.get((mutation.control, s)) is not wanted]
    problems = [f"{s} is {after.get((mutation.control, s), 'not judged')}" for s in missed]
    noticed = set()
    for control, subject in sorted(before.keys() | after.keys()):
        old, new = before.get((control, subject)), after.get((control, subject))
        calm = old is new or (old in {None, Verdict.NOT_APPLICABLE} and new in _GOOD)
        if control == mutation.control or calm or (new is None and old in _GOOD):
            continue
        noticed.add(control)
        if control not in mutation.also:
            problems.append(f"{control} / {subject}: {old} became {new}")
    problems += [f"{c} is listed, and did not change" for c in mutation.also if c not in noticed]
    return Noticed(mutation, not missed, tuple(problems))


def attempt(control: str) -> Noticed:
    """Serve the world, break one control, and hold its verdicts against those of a whole one."""
    mutation = read(control)
    before = whole()
    with running(WORLD) as world:
        take(world, mutation.steps)
        return compare(mutation, before, verdicts(world, world.assess()))


@functools.cache
def whole() -> Mapping[Key, Verdict]:
    """Return the verdicts of the world as it is made."""
    with running(WORLD) as world:
        return verdicts(world, world.assess())


def verdicts(world: Running, outcome: Outcome) -> dict[Key, Verdict]:
    """Return what an assessment came to, by control and subject as people name it."""
    account = world.world.account
    names = {str(w.id): w.name for w in account.workspaces.values()}
    return subjects_of(outcome.findings, names)


def main(chosen: list[str]) -> int:
    """Try the mutations; return 0 when every control noticed its own and nothing else changed."""
    every = [c.id for c in controls()]
    wanted = chosen or every
    missing = [c for c in wanted if not (FILES / f"{c}.toml").is_file()]
    present = [c for c in wanted if c not in missing]
    recalled = wrong = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for noticed in pool.map(attempt, present):
            recalled += noticed.recalled
            wrong += bool(noticed.problems)
            verdict = noticed.mutation.becomes
            state = f"{verdict} as it should" if noticed.recalled else "NOT NOTICED"
            print(f"{noticed.mutation.control}: {noticed.mutation.what}: {state}", flush=True)
            for also, reason in noticed.mutation.also.items():
                print(f"    with {also}: {reason}")
            for problem in noticed.problems:
                print(f"    PROBLEM {problem}")
    for control in missing:
        print(f"PROBLEM {control} has no mutation")
    share = 100 * recalled / len(wanted)
    print(f"{recalled} of {len(wanted)} broken controls noticed: {share:.0f} % recall")
    print(f"{wrong} mutations with problems")
    return 1 if wrong or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
