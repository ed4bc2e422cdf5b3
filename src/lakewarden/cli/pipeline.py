"""The main job: read a deployment, judge it, report. `assess`, `collect` and `demo` share it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from lakewarden.cli.progress import progress
from lakewarden.clock import Clock, parse_time
from lakewarden.collect.doors import Reach
from lakewarden.collect.engine import Collector
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.judge import judge
from lakewarden.controls.kit.registry import chosen, needs_at
from lakewarden.controls.kit.subjects import name_of
from lakewarden.errors import UsageError
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Need
from lakewarden.estate.snapshot import Meta
from lakewarden.ledger.finding import Finding
from lakewarden.ledger.run import Run, Tally
from lakewarden.policyfile.policy import Policy
from lakewarden.report.formats import FORMATS
from lakewarden.report.view import Report
from lakewarden.store.snapshots import DiskSnapshot, SnapshotWriter
from lakewarden.store.spool import FindingSpool

Needs = Callable[[Workspace | None], set[Need]]
"""Says what is to be read at account level (None), and in each workspace."""


def collect(
    reach: Reach, folder: Path, policy: Policy, clock: Clock, needs: Needs | None = None
) -> DiskSnapshot:
    """Read what the policy's controls need, or what else is asked for, into a snapshot folder.

    Raises:
        ConnectionFailedError: nothing at all could be opened.
        SnapshotError: the folder cannot be used.
    """
    meta = Meta(clock.now().isoformat(), reach.account_id)
    with SnapshotWriter(folder, meta) as writer, progress() as watcher:
        Collector(
            reach,
            needs or functools.partial(needs_at, policy),
            writer,
            progress=watcher,
            trust_empty=policy.trust_empty_answers,
        ).run()
    return writer


@contextmanager
def snapshot_of(
    folder: Path | None,
    reach: Reach | None,
    policy: Policy,
    clock: Clock,
    needs: Needs | None = None,
) -> Iterator[DiskSnapshot]:
    """Open the given snapshot, or collect one that lives as long as the block."""
    if folder is not None or reach is None:
        yield DiskSnapshot.open(folder or Path())
        return
    with TemporaryDirectory(prefix="lakewarden-") as scratch:
        yield collect(reach, Path(scratch) / "snapshot", policy, clock, needs)


@contextmanager
def assessed(snapshot: DiskSnapshot, policy: Policy, clock: Clock) -> Iterator[Report]:
    """Judge a snapshot; the report lives as long as the block."""
    insist_known(snapshot, policy.include.workspaces | policy.exclude.workspaces)
    estate = Estate(snapshot, policy.include.workspaces, policy.exclude.workspaces)
    context = Context(estate, policy, parse_time(snapshot.meta.taken))
    findings = judge(estate, chosen(policy), context)
    with reported(findings, estate, policy, clock, _unread(snapshot)) as report:
        yield report


@contextmanager
def reported(
    findings: Iterator[Finding],
    estate: Estate,
    policy: Policy,
    clock: Clock,
    unread: tuple[str, ...],
) -> Iterator[Report]:
    """Count findings into a report that lives as long as the block.

    Args:
        findings: what was found.
        estate: what was judged.
        policy: what the organisation wants.
        clock: the time of the run.
        unread: a line for everything that was not read.
    """
    selected = chosen(policy)
    tally = Tally({c.id: c.threats for c in selected})
    with FindingSpool() as spool:
        for finding in spool.fill(findings):
            tally.add(finding)
        run = Run(
            clock.run_id(),
            clock.now().isoformat(timespec="seconds"),
            policy.posture.value,
            estate.meta.account_id,
            estate.meta.taken,
            {str(w.id): name_of(w) for w in _looked_at(estate)},
        )
        cards = {c.id: c.card() for c in selected}
        yield Report(run, tally, cards, spool.read, unread, policy.loose())


def _looked_at(estate: Estate) -> Iterator[Workspace]:
    with suppress(UnreadError):  # findings say that others may be missing
        yield from estate.workspaces()


def insist_known(snapshot: DiskSnapshot, named: Iterable[str]) -> None:
    """Refuse workspaces that the deployment certainly does not have.

    Raises:
        UsageError: naming the first of them and the workspaces there are.
    """
    listed = snapshot.collection(WORKSPACES, "account")
    names = {str(w.id): name_of(w) for w in listed.seen()}
    for identity in sorted(named):
        if identity not in names and identity not in names.values() and listed.gap is None:
            there = ", ".join(f"{i} ({name})" for i, name in names.items()) or "none"
            raise UsageError(
                f"the deployment has no workspace {identity}",
                next_step=f"Its workspaces are: {there}",
            )


def write(report: Report, style: str, output: Path | None, terminal: TextIO) -> None:
    """Write a report in a format to a file or to the terminal."""
    if output is None:
        FORMATS[style](report, terminal)
        return
    new = output.with_name(f".{output.name}.new")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as stream:
            FORMATS[style](report, stream)
        new.replace(output)
    finally:
        new.unlink(missing_ok=True)


def _unread(snapshot: DiskSnapshot) -> tuple[str, ...]:
    doors = [f"{scope}: {gap}" for scope, gap in sorted(snapshot.meta.doors.items())]
    holes = [
        f"{header.scope} {header.kind} ({header.status}): {header.gap}"
        for header in snapshot.headers()
        if header.gap is not None
    ]
    return tuple(doors + holes)
