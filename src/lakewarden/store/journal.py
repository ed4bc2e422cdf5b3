"""The journal of changes: what a run was about to do is on disk before it does it.

A run is a plan that is carried out, or taken back. Each of its steps notes what it finds before it
writes, so that after a crash anywhere the run can be taken up again, or undone. One run at a time
may change an account.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from lakewarden.errors import LockedError, UsageError
from lakewarden.store.database import LOCKS, RUNS, STEPS, open_database
from lakewarden.store.together import Together

Attributes = Mapping[str, Any]
LATEST: Final = "latest"
_HELD: Final[set[str]] = set()
"""The runs that this process holds an account for."""


class RunState(StrEnum):
    """How far a run came.

    `RUNNING` is also what a run that was killed stays at.
    """

    RUNNING = "running"
    FAILED = "failed"
    APPLIED = "applied"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step that a run began.

    Attributes:
        number: of the change in the plan, from 0.
        address: what it is about.
        before: what the step found there; None when there was nothing.
        done: it was read back.
    """

    number: int
    address: str
    before: Attributes | None
    done: bool


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes:
        id: its identity.
        verb: `apply` or `undo`.
        of: the run that an undo takes back.
        account_id: the Databricks account.
        started: ISO 8601 in UTC.
        state: how far it came.
        reason: why it failed.
        plan: the JSON of its plan.
        steps: those that it began, in order.
    """

    id: str
    verb: str
    of: str
    account_id: str
    started: str
    state: RunState
    reason: str
    plan: Mapping[str, Any]
    steps: tuple[StepRecord, ...] = ()


class Journal:
    """The runs of a store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Journal:
        """Open the journal of a store.

        Raises:
            StoreError: it cannot be opened.
        """
        return cls(open_database(url))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def begin(self, run: RunRecord) -> RunJournal:
        """Note a new run and lock its account.

        Raises:
            LockedError: another run holds the account, or was cut off and is not settled.
        """
        with self._engine.begin() as connection:
            _lock(connection, run)
            if run.verb == "apply":
                _insist_settled(connection, run.account_id)
            connection.execute(
                insert(RUNS).values(
                    id=run.id,
                    verb=run.verb,
                    of=run.of,
                    account_id=run.account_id,
                    started=run.started,
                    state=RunState.RUNNING.value,
                    reason="",
                    plan=json.dumps(run.plan),
                )
            )
        return RunJournal(self._engine, run)

    def resume(self, run: RunRecord) -> RunJournal:
        """Lock the account again for a run that was cut off or failed.

        Raises:
            LockedError: another run holds the account.
        """
        with self._engine.begin() as connection:
            _lock(connection, run)
            mine = update(RUNS).where(RUNS.c.id == run.id)
            connection.execute(mine.values(state=RunState.RUNNING.value, reason=""))
        return RunJournal(self._engine, run)

    def find(self, run_id: str) -> RunRecord:
        """Return a run by its id; `latest` is the newest that applied something and is not undone.

        Raises:
            UsageError: there is none.
        """
        query = select(RUNS)
        if run_id == LATEST:
            mine = (RUNS.c.verb == "apply") & (RUNS.c.state != RunState.UNDONE.value)
            query = query.where(mine).order_by(RUNS.c.started.desc(), RUNS.c.id.desc()).limit(1)
        else:
            query = query.where(RUNS.c.id == run_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise UsageError(
                    "no run to take back or go on with" if run_id == LATEST else f"no run {run_id}",
                    where="the journal",
                    next_step="`lakewarden runs` lists them; is it another --store?",
                )
            return _run(row, _steps(connection, row.id))

    def runs(self) -> tuple[RunRecord, ...]:
        """Return every run without its steps, the newest first."""
        newest = select(RUNS).order_by(RUNS.c.started.desc(), RUNS.c.id.desc())
        with self._engine.connect() as connection:
            return tuple(_run(row, ()) for row in connection.execute(newest))

    def mark_undone(self, run_id: str) -> None:
        """Note that a run was taken back as a whole."""
        with self._engine.begin() as connection:
            undone = RunState.UNDONE.value
            connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(state=undone))

    def break_lock(self, account_id: str) -> None:
        """Take away the lock of an account, whoever holds it."""
        with self._engine.begin() as connection:
            connection.execute(delete(LOCKS).where(LOCKS.c.account_id == account_id))


class RunJournal:
    """What one run writes while it is under way. Threads may share it."""

    def __init__(self, engine: Engine, run: RunRecord) -> None:
        self._engine = engine
        self._together = Together(engine)
        self.run = run

    def intend(self, number: int, address: str, before: Attributes | None) -> None:
        """Note, durably, that a change is about to be made, and what it finds.

        What an earlier attempt at the same step found is kept: it is what undoing goes back to.
        """
        values = {"run_id": self.run.id, "number": number, "address": address}
        mine = (STEPS.c.run_id == self.run.id) & (STEPS.c.number == number)
        found = json.dumps(before)

        def write(connection: Connection) -> None:
            if connection.execute(select(STEPS.c.number).where(mine)).first() is None:
                connection.execute(insert(STEPS).values(**values, before=found, done=0))

        self._together.write(write)

    def done(self, number: int) -> None:
        """Note that a change was made and read back."""
        mine = (STEPS.c.run_id == self.run.id) & (STEPS.c.number == number)
        self._together.write(lambda c: c.execute(update(STEPS).where(mine).values(done=1)))

    def finish(self, state: RunState, reason: str = "") -> None:
        """Note how the run ended, and let go of the account."""
        with self._engine.begin() as connection:
            mine = update(RUNS).where(RUNS.c.id == self.run.id)
            connection.execute(mine.values(state=state.value, reason=reason))
            held = (LOCKS.c.account_id == self.run.account_id) & (LOCKS.c.run_id == self.run.id)
            connection.execute(delete(LOCKS).where(held))
        _HELD.discard(self.run.id)


def _lock(connection: Connection, run: RunRecord) -> None:
    """Lock an account for a run; the lock of a process that is no more is taken over."""
    mine = {"host": platform.node(), "pid": os.getpid(), "since": run.started}
    taken = select(LOCKS).where(LOCKS.c.account_id == run.account_id).with_for_update()
    row = connection.execute(taken).one_or_none()
    if row is not None and (row.run_id in _HELD or not _dead(row.host, row.pid)):
        raise _locked(row.run_id, f"process {row.pid} on {row.host} since {row.since}")
    if row is not None:
        connection.execute(delete(LOCKS).where(LOCKS.c.account_id == run.account_id))
    try:
        connection.execute(insert(LOCKS).values(account_id=run.account_id, run_id=run.id, **mine))
    except IntegrityError:
        raise _locked("another", "it began in this moment") from None
    _HELD.add(run.id)


def _dead(host: str, pid: int) -> bool:
    """Return whether a process on this machine is certainly no more."""
    if host != platform.node():
        return False
    if pid == os.getpid():
        return True  # a former process had the number of this one
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _insist_settled(connection: Connection, account_id: str) -> None:
    """Refuse to begin on top of a run that was cut off.

    Raises:
        LockedError: naming it.
    """
    cut = (RUNS.c.account_id == account_id) & (RUNS.c.state == RunState.RUNNING.value)
    row = connection.execute(select(RUNS.c.id).where(cut & (RUNS.c.verb == "apply"))).first()
    if row is not None:
        raise LockedError(
            f"the run {row.id} was cut off and is neither finished nor undone",
            where="the journal",
            next_step=f"Finish it with `lakewarden apply --resume {row.id}`, or take it back with "
            f"`lakewarden undo {row.id}`",
        )


def _locked(run_id: str, holder: str) -> LockedError:
    return LockedError(
        f"the run {run_id} is under way ({holder})",
        where="the journal",
        next_step="Wait for it; if it is certainly dead, give --break-lock",
    )


def _run(row: Any, steps: tuple[StepRecord, ...]) -> RunRecord:
    plan = json.loads(row.plan)
    state = RunState(row.state)
    return RunRecord(
        row.id, row.verb, row.of, row.account_id, row.started, state, row.reason, plan, steps
    )


def _steps(connection: Connection, run_id: str) -> tuple[StepRecord, ...]:
    mine = select(STEPS).where(STEPS.c.run_id == run_id).order_by(STEPS.c.number)
    return tuple(
        StepRecord(row.number, row.address, json.loads(row.before), bool(row.done))
        for row in connection.execute(mine)
    )
