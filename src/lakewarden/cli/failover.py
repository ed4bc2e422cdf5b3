"""`lakewarden failover`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from lakewarden.apply.side_by_side import Outcome
from lakewarden.cli.changing import begun, journal_of
from lakewarden.cli.options import (
    Deployment,
    Selection,
    deployment_options,
    json_option,
    together,
)
from lakewarden.cli.recovering import (
    Pace,
    absolute,
    carried_out,
    insist_signed,
    lock_of,
    maps_of,
    pace_options,
    target_of,
    wanted_by,
)
from lakewarden.cli.run_options import Run, run_options
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.cli.standing import age_of, span
from lakewarden.cli.sync import newest_complete
from lakewarden.cli.vaults import vault_of
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.patience import Patience
from lakewarden.collect.caller import parse_addresses
from lakewarden.collect.doors import Reach
from lakewarden.errors import ConnectionFailedError, UsageError
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.plan.plan import Plan
from lakewarden.restore.failover import TO_DO
from lakewarden.restore.maps import Maps
from lakewarden.restore.plan import Restoration, lines
from lakewarden.restore.planner import Fate, How
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.task import Task, fenced, taken_over
from lakewarden.store.database import default_url
from lakewarden.store.journal import Journal
from lakewarden.store.pairs import Deed, Pairs, Verb
from lakewarden.store.vault.manifest import Run as Backup
from lakewarden.store.vault.vault import Vault

F = TypeVar("F", bound=Callable[..., Any])
_SOON: Final = Patience(connect=5.0, answer=10.0, retry=10.0)
"""How long the first workspace may take to say that it is there: the standby waits for it."""


@dataclass(frozen=True, slots=True)
class Over:
    """What the command line says of a failover."""

    run_id: str | None
    host: str | None
    back: bool
    without_fence: bool


_OVER: Final = (
    click.option(
        "--run",
        "run_id",
        metavar="ID",
        help="This backup; the last one that was synced, unless given.",
    ),
    click.option("--host", help="Backups of this workspace, where the vault has several."),
    click.option("--back", is_flag=True, help="Let the first workspace work again instead."),
    click.option(
        "--without-fence", is_flag=True, help="Leave the workspace that worked so far as it is."
    ),
)


def over_options(command: F) -> F:
    """Add the options of a failover, as one `over` argument."""
    return together(command, "over", Over, _OVER)


@dataclass(slots=True)
class Ending:
    """What became of a failover."""

    backup: Backup
    notes: list[str]
    runs: dict[str, str]
    failed: dict[str, str]
    seconds: float = 0.0
    asleep: int = 0

    def told(self, what: str, run: str, outcome: Outcome) -> None:
        """Note the end of one plan."""
        self.runs[what] = run
        self.failed |= outcome.failed

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "backup": self.backup.id,
            "recovery_point_seconds": age_of(self.backup.started),
            "recovery_time_seconds": round(self.seconds, 1),
            "runs": self.runs,
            "notes": self.notes,
            "failed": [{"address": a, "why": why} for a, why in self.failed.items()],
            "asleep": self.asleep,
            "to_do": list(TO_DO),
        }


@click.command()
@click.argument("target")
@over_options
@pace_options
@deployment_options
@run_options
@json_option
def command(
    target: str,
    over: Over,
    pace: Pace,
    deployment: Deployment,
    run: Run,
    addresses: tuple[str, ...],
    style: str,
) -> int:
    """Let a standby take over: fence what worked so far, then let go what was held back.

    Pauses everything in the first workspace, if it can be reached; makes the clusters that were put
    off and what waits for them, stopped; and gives schedules, triggers and continuous work the
    state that they had at the source. Prints what people must do beside it. With --back the first
    workspace works again, and the standby stands by.

    Exits with 0 when all of it is done, and with 4 when something is left to do.
    """
    policy = policy_of(Selection())
    reach = reach_of(deployment, policy)
    if pace.workspace is None:
        raise UsageError(
            "it is not said which workspace stands by", next_step="Name it with --to-workspace"
        )
    pairs = Pairs(run.store or default_url())
    try:
        with (
            journal_of(run) as journal,
            vault_of(absolute(target), aws_profile=deployment.aws_profile) as vault,
        ):
            first = newest_complete(vault, over.run_id, over.host or _first(pairs, vault))
            standby = _standby(reach, pace, first, vault)
            backup = _backup(pairs, vault, first, standby, over)
            insist_signed(backup, vault, pace)
            works = first.host if over.back else standby.catalogue.host.host
            task = Task(
                maps=_named(maps_of(pace, policy), backup, works, first),
                how=How(values=pace.identity is not None),
                addresses=parse_addresses(addresses),
            )
            change = Change(journal, reach, vault, backup, pace, run, style)
            return change.over(task, pairs, first, standby, over)
    finally:
        pairs.close()


def _standby(reach: Reach, pace: Pace, first: Backup, vault: Vault) -> TargetWorkspace:
    standby = target_of(reach, pace, first, vault)
    if standby.catalogue.host.host == first.host:
        raise UsageError(
            "is the workspace of the backup", where=first.host, next_step="Name its standby"
        )
    return standby


def _first(pairs: Pairs, vault: Vault) -> str | None:
    """Return the workspace that was synced last, by its URL; None where there was no sync."""
    syncs = [deed for deed in pairs.deeds() if deed.verb is Verb.SYNC]
    hosts = {run.id: run.host for run in vault.runs()}
    return next((hosts[d.backup] for d in reversed(syncs) if d.backup in hosts), None)


def _backup(
    pairs: Pairs, vault: Vault, first: Backup, standby: TargetWorkspace, over: Over
) -> Backup:
    """Return the backup that says what is to start: never one of a workspace that was fenced.

    Going back, it is a newer one of the standby, or the one by which the standby took over.
    """
    stands, host = standby.scope.partition("/")[2], standby.catalogue.host.host
    if over.run_id is not None:
        return first
    deeds = pairs.deeds(first.workspace, stands)
    synced = [d for d in deeds if d.verb is Verb.SYNC and d.source == first.workspace]
    known = {r.id: r for r in vault.runs(first.host)}
    if over.back:
        taken = [d for d in deeds if d.verb is Verb.FAILOVER and d.target == stands]
        newer = [r for r in vault.runs(host) if taken and r.started > taken[-1].at]
        if whole := [r for r in newer if r.complete and not r.part]:
            return whole[-1]
        synced += taken
    return next((known[d.backup] for d in reversed(synced) if d.backup in known), first)


def _named(maps: Maps, backup: Backup, works: str, first: Backup) -> Maps:
    """Return what is called otherwise in the workspace that is to work.

    Maps say what the first workspace's things are called in its standby.
    """
    if backup.host == works:
        return Maps()
    return maps if backup.host == first.host else maps.back()


def _left(end: Ending, found: Restoration) -> bool:
    """Return whether something is left to do, beside what people do by hand."""
    lacking = any(one.fate is not Fate.BY_HAND for one in found.left())
    return bool(end.failed or end.asleep or end.notes or lacking)


def _silence(workspace: TargetWorkspace) -> str:
    """Return why a workspace does not answer; empty when it does."""
    try:
        return "" if workspace.me.name else "it does not say who calls"
    except CallFailedError as error:
        return str(error)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of roles."""

    journal: Journal
    reach: Reach
    vault: Vault
    backup: Backup
    pace: Pace
    run: Run
    style: str

    def over(
        self, task: Task, pairs: Pairs, first: Backup, standby: TargetWorkspace, over: Over
    ) -> int:
        """Fence one workspace and let the other one go; return the exit code."""
        end = Ending(self.backup, [], {}, {})
        primary = self._primary(first, end)
        old, new = (standby, primary) if over.back else (primary, standby)
        if new is None:
            raise ConnectionFailedError(
                "cannot be reached, so that it cannot work",
                where=first.host,
                next_step="Go back when it is there again",
            )
        barrier = None if over.without_fence else self._fence(old, end)
        found = taken_over(task, self.vault, self.backup, new, self.reach.account_id)
        self._show(barrier, found, end)
        changes = (*(barrier.changes if barrier else ()), *found.plan.changes)
        both = replace(found.plan, changes=changes)
        if self.run.dry_run or (changes and not wanted_by(self.run, both)):
            return EXIT_INCOMPLETE if changes or _left(end, found) else EXIT_CLEAN
        started = time.monotonic()
        if barrier is not None and old is not None:
            self._carry(barrier, old, "fence", end)
        self._carry(found.plan, new, "work", end)
        end.seconds = time.monotonic() - started
        end.asleep = self._asleep(task, new, found)
        self._remember(pairs, first, standby, over)
        self._tell(end)
        return EXIT_INCOMPLETE if _left(end, found) else EXIT_CLEAN

    def _primary(self, first: Backup, end: Ending) -> TargetWorkspace | None:
        """Return the first workspace, None where it does not answer within seconds."""
        here = replace(self.pace, workspace=None)
        soon = replace(self.reach, patience=_SOON)
        try:
            why = _silence(target_of(soon, here, first, self.vault))
            if not why:
                return target_of(self.reach, here, first, self.vault)
        except ConnectionFailedError as error:
            why = error.what
        end.notes.append(f"the workspace {first.workspace} cannot be reached: {why}")
        return None

    def _fence(self, old: TargetWorkspace | None, end: Ending) -> Plan | None:
        if old is None:
            return None
        plan, unseen = fenced(self.backup, self.vault, old, self.reach.account_id)
        end.notes += [f"could not be fenced: {what}" for what in unseen]
        return plan

    def _show(self, barrier: Plan | None, found: Restoration, end: Ending) -> None:
        if self.style == "json":
            if self.run.dry_run or not self.run.yes:
                plan = {"fence": barrier.as_json() if barrier else None, **found.as_json()}
                click.echo(json.dumps({**plan, "remarks": end.notes}, indent=2, ensure_ascii=False))
            return
        for change in barrier.changes if barrier else ():
            click.echo(f"| {change.address}: paused")
        for line in (*lines(found), *end.notes):
            click.echo(line)

    def _carry(self, plan: Plan, at: TargetWorkspace, what: str, end: Ending) -> None:
        if not plan.changes:
            return
        account = lock_of(self.reach, at.scope)
        if self.run.break_lock:
            self.journal.break_lock(account)
        going = begun(self.journal, "apply", "", plan, account)
        quiet = self.style == "json"
        outcome = carried_out(going, plan, at.doors, self.pace.most_errors, quiet=quiet)
        end.told(what, going.run.id, outcome)

    def _asleep(self, task: Task, new: TargetWorkspace, found: Restoration) -> int:
        """Return how many assets do not start as they did at the source, or cannot be seen to."""
        known = {(j.wanted.kind, j.wanted.key) for j in found.of(Fate.BLOCKED)}
        again = taken_over(task, self.vault, self.backup, new, self.reach.account_id)
        asleep = {(j.wanted.kind, j.wanted.key) for j in again.of(Fate.UPDATE, Fate.BLOCKED)}
        return len(asleep - known)

    def _remember(self, pairs: Pairs, first: Backup, standby: TargetWorkspace, over: Over) -> None:
        ends = (first.workspace, standby.scope.partition("/")[2])
        source, works = reversed(ends) if over.back else ends
        now = datetime.now(UTC).isoformat()
        taken = self.backup.started
        pairs.done(Deed(source, works, Verb.FAILOVER, self.backup.id, taken, now, ()))

    def _tell(self, end: Ending) -> None:
        if self.style == "json":
            click.echo(json.dumps(end.as_json(), indent=2, ensure_ascii=False))
            return
        click.echo(f"Recovery point: {span(age_of(self.backup.started))} ago ({self.backup.id}).")
        click.echo(f"Recovery time: {end.seconds:.1f} s.")
        if end.asleep:
            click.echo(f"{end.asleep} assets do not start as they did; run this again.")
        click.echo("What is left for people:")
        for what in TO_DO:
            click.echo(f"  - {what}")
        for what, run in end.runs.items():
            click.echo(f"Take it back ({what}) with: lakewarden undo {run}")
