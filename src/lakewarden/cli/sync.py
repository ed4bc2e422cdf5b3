"""`lakewarden sync`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from lakewarden.apply.doors import Doors
from lakewarden.apply.side_by_side import Outcome
from lakewarden.assets.registry import kinds
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
    names,
    pace_options,
    target_of,
    wanted_by,
    whereabouts,
)
from lakewarden.cli.run_options import Run, run_options
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.cli.standing import point_of, said, status
from lakewarden.cli.vaults import tell_of_lacks, vault_of
from lakewarden.clock import parse_time
from lakewarden.collect.caller import parse_addresses
from lakewarden.collect.doors import Reach
from lakewarden.errors import ApplyError, UsageError
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.restore.managed import Group, groups
from lakewarden.restore.memory import Memory
from lakewarden.restore.plan import Restoration, lines
from lakewarden.restore.planner import Fate, How
from lakewarden.restore.sync import LAZY, Gone, Notes, Prune, applied
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.task import Task, synced
from lakewarden.restore.wanted import Choice
from lakewarden.store.database import default_url
from lakewarden.store.pairs import Deed, Pairs, Verb
from lakewarden.store.vault.as_of import insist_readable
from lakewarden.store.vault.manifest import Run as Backup
from lakewarden.store.vault.vault import Vault

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Sync:
    """What the command line says of a sync."""

    run_id: str | None
    host: str | None
    kinds: tuple[str, ...]
    overwrite: bool
    prune: bool
    accept_prune: bool
    create_clusters: bool
    status: bool


_SYNC: Final = (
    click.option(
        "--run", "run_id", metavar="ID", help="This backup; the newest complete one unless given."
    ),
    click.option("--host", help="Backups of this workspace, where the vault has several."),
    click.option(
        "--kinds", multiple=True, callback=names, metavar="KIND,…", help="These kinds only."
    ),
    click.option("--overwrite", is_flag=True, help="Change also what was changed in the standby."),
    click.option("--prune", is_flag=True, help="Remove what is gone at the source."),
    click.option("--accept-prune", is_flag=True, help="Remove it however much it is."),
    click.option(
        "--create-clusters",
        is_flag=True,
        help="Make clusters and serving endpoints too, stopped; else that is done at failover.",
    ),
    click.option("--status", is_flag=True, help="Say how far the standby is, and do nothing."),
)


def sync_options(command: F) -> F:
    """Add the options of a sync, as one `sync` argument."""
    return together(command, "sync", Sync, _SYNC)


@click.command()
@click.argument("target")
@sync_options
@pace_options
@deployment_options
@run_options
@json_option
def command(
    target: str,
    sync: Sync,
    pace: Pace,
    deployment: Deployment,
    run: Run,
    addresses: tuple[str, ...],
    style: str,
) -> int:
    """Bring a standby to what the newest complete backup has, and keep it passive.

    Schedules, triggers and continuous work are paused there, and clusters are made at failover
    only. What was changed in the standby itself is shown and left alone.

    Exits with 0 when the standby is as the backup has it, and with 4 when something is left to do.
    """
    policy = policy_of(Selection())
    reach = reach_of(deployment, policy)
    pairs = Pairs(run.store or default_url())
    try:
        if sync.status:
            return status(pairs, Doors(reach, {}), style)
        with vault_of(absolute(target), aws_profile=deployment.aws_profile) as vault:
            backup = newest_complete(vault, sync.run_id, sync.host)
            insist_signed(backup, vault, pace)
            tell_of_lacks(backup)
            task = Task(
                Choice(frozenset(sync.kinds)),
                maps_of(pace, policy),
                How(
                    sync.overwrite,
                    lazy=frozenset() if sync.create_clusters else LAZY,
                    values=pace.identity is not None,
                ),
                addresses=parse_addresses(addresses),
            )
            job = Job(vault, backup, pairs, sync, pace, run, style)
            return _synced(job, task, reach)
    finally:
        pairs.close()


def newest_complete(vault: Vault, run_id: str | None, host: str | None) -> Backup:
    """Return the newest run that listed all that it was to list, or the one that is asked for.

    One of a part of the workspace is taken only where there is none of all of it.

    Raises:
        UsageError: there is none, or of several workspaces.
        VaultError: a manifest cannot be read, so that it may be that one.
    """
    if run_id is not None:
        return vault.manifest(run_id)
    insist_readable(vault)
    every = vault.runs(host)
    runs = [r for r in every if all(c.seen for c in r.collections.values())]
    if not runs:
        lacking = [kind for r in every[-1:] for kind, c in r.collections.items() if not c.seen]
        raise UsageError(
            "has no run that listed everything"
            + (f": the newest, {every[-1].id}, lacks {', '.join(lacking)}" if lacking else ""),
            where=vault.url,
            next_step="`lakewarden verify` says why; mend that and back up again, or name the run "
            "that is to count with --run",
        )
    if len({r.host for r in runs}) > 1:
        raise UsageError(
            "has runs of several workspaces", where=vault.url, next_step="Name one with --host"
        )
    return next((run for run in reversed(runs) if not run.part), runs[-1])


@dataclass(frozen=True, slots=True)
class Job:
    """One sync: from where, and as the command line says."""

    vault: Vault
    backup: Backup
    pairs: Pairs
    sync: Sync
    pace: Pace
    run: Run
    style: str


@dataclass(slots=True)
class Ended:
    """What became of a sync."""

    found: Restoration
    gone: Gone
    notes: Notes
    outcome: Outcome = field(default_factory=Outcome)
    run: str = ""

    @property
    def code(self) -> int:
        """Return the exit code."""
        undone = self.found.plan.changes and not self.run
        left = undone or self.outcome.failed or self.found.left() or self.gone.kept
        return EXIT_INCOMPLETE if left else EXIT_CLEAN


def _synced(job: Job, task: Task, reach: Reach) -> int:
    backup, sync, run = job.backup, job.sync, job.run
    standby = _standby(reach, job.pace, backup, job.vault)
    source, stands = backup.workspace, standby.scope.partition("/")[2]
    _insist_standing_by(job.pairs, source, stands)
    _insist_not_fenced(job.pairs, backup, stands)
    _insist_not_managed(groups(standby.doors), source, stands)
    memory = Memory(job.pairs.applied(source, stands))
    where = whereabouts(reach, standby, task.addresses)
    task = replace(task, how=replace(task.how, memory=memory), addresses=where)
    prune = Prune(sync.prune, sync.overwrite, sync.accept_prune)
    end = Ended(*synced(task, job.vault, backup, standby, reach.account_id, prune))
    if job.style == "table":
        for line in (*lines(end.found), *_kept(end.gone)):
            click.echo(line)
    elif not (run.yes or run.dry_run):
        click.echo(json.dumps(end.found.as_json(), indent=2, ensure_ascii=False))
    go = not end.found.plan.changes or wanted_by(run, end.found.plan)
    if go and not run.dry_run:
        if end.found.plan.changes:
            _carry(job, standby, end, reach)
        else:
            _remember(job, standby, end)
        _note(job, standby, end)
    _tell(job, end, point_of(job.pairs, source, stands))
    return end.code


def _carry(job: Job, standby: TargetWorkspace, end: Ended, reach: Reach) -> None:
    """Carry the plan of a sync out, and remember what was made, wherever it breaks off."""
    plan, account = end.found.plan, lock_of(reach, standby.scope)
    with journal_of(job.run) as journal:
        if job.run.break_lock:
            journal.break_lock(account)
        going = begun(journal, "apply", "", plan, account)
        end.run = going.run.id
        doors, most, quiet = standby.doors, job.pace.most_errors, job.style == "json"
        try:
            end.outcome = carried_out(going, plan, doors, most, also=end.notes.tell, quiet=quiet)
        finally:
            _remember(job, standby, end)


def _kept(gone: Gone) -> Iterator[str]:
    for (kind, key), why in gone.kept.items():
        yield f"= {kind} {key}: {why}"


def _standby(reach: Reach, pace: Pace, backup: Backup, vault: Vault) -> TargetWorkspace:
    if pace.workspace is None:
        raise UsageError(
            "it is not said which workspace stands by", next_step="Name it with --to-workspace"
        )
    standby = target_of(reach, pace, backup, vault)
    if standby.catalogue.host.host == backup.host:
        raise UsageError(
            "is the workspace of the backup", where=backup.host, next_step="Name its standby"
        )
    return standby


def _insist_standing_by(pairs: Pairs, source: str, stands: str) -> None:
    """Refuse to hold back a standby that has taken over.

    Raises:
        ApplyError: it has.
    """
    over = [d for d in pairs.deeds(source, stands) if d.verb is Verb.FAILOVER]
    if over and over[-1].target == stands:
        raise ApplyError(
            f"the workspace {stands} has taken over at {over[-1].at}, and is no standby now",
            where=f"workspace {stands}",
            next_step="Back it up and sync the other way, or `lakewarden failover --back`",
        )


def _insist_not_fenced(pairs: Pairs, backup: Backup, stands: str) -> None:
    """Refuse a backup from while the standby worked: everything was paused in its workspace.

    Raises:
        UsageError: it is one.
    """
    started, ended, over = parse_time(backup.started), parse_time(backup.ended), ""
    for deed in pairs.deeds(backup.workspace, stands):
        if deed.verb is not Verb.FAILOVER:
            continue
        if deed.target == stands:
            over = over or deed.at
        elif over and ended > parse_time(over) and started < parse_time(deed.at):
            raise UsageError(
                f"the backup {backup.id} is from while the workspace {stands} worked,"
                " so that everything is paused in it",
                where=backup.host,
                next_step="Back up again",
            )
        else:
            over = ""


def _insist_not_managed(found: tuple[Group, ...], source: str, stands: str) -> None:
    """Refuse to do what a failover group of the account does already.

    Raises:
        UsageError: one keeps both workspaces.
    """
    for group in found:
        if {source, stands} <= group.workspaces:
            raise UsageError(
                f"the failover group {group.name} ({group.state}) keeps both workspaces already",
                where=f"workspace {stands}",
                next_step="Watch it with `lakewarden sync --status`; nothing is to be done here",
            )


def _remember(job: Job, standby: TargetWorkspace, end: Ended) -> None:
    """Remember what the standby has now."""
    source, stands, notes = job.backup.workspace, standby.scope.partition("/")[2], end.notes
    removed = [
        (c.target.kind.rpartition(".")[2], c.target.key)
        for c in end.gone.changes
        if c.address in notes.left
    ]
    made = applied(standby, end.found.judged, notes, end.run)
    job.pairs.keep(source, stands, made, removed)


def _note(job: Job, standby: TargetWorkspace, end: Ended) -> None:
    """Note that a backup was applied, and for which kinds as a whole."""
    backup, stands = job.backup, standby.scope.partition("/")[2]
    if end.outcome.stopped or job.sync.kinds:
        return
    memory = Memory(job.pairs.applied(backup.workspace, stands))
    lacking = {j.wanted.kind for j in end.found.of(Fate.BLOCKED)}
    lacking |= {j.wanted.kind for j in end.found.of(Fate.DIFFERENT) if not memory.same(j.wanted)}
    lacking |= {j.wanted.kind for j in end.found.judged if j.lacks_permissions}
    lacking |= {a.partition("[")[0].rpartition(".")[2] for a in end.outcome.failed}
    lacking |= {each["kind"] for each in backup.errors}
    lacking |= {kind.name for kind in kinds().values() if kind.tree and backup.part_of_tree}
    whole = tuple(k for k, c in backup.collections.items() if c.seen and k not in lacking)
    now = datetime.now(UTC).isoformat()
    job.pairs.done(Deed(backup.workspace, stands, Verb.SYNC, backup.id, backup.started, now, whole))


def _tell(job: Job, end: Ended, point: int | None) -> None:
    backup, outcome = job.backup, end.outcome
    if job.style == "json":
        result = {
            "run": end.run,
            "backup": backup.id,
            "recovery_point_seconds": point,
            "made": outcome.made,
            "failed": [{"address": a, "why": why} for a, why in outcome.failed.items()],
            "gone": [
                {"kind": k, "key": key, "why": why} for (k, key), why in end.gone.kept.items()
            ],
            **end.found.as_json(),
        }
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    if end.run:
        click.echo(f"{outcome.made} of {len(end.found.plan.changes)} changes are made.")
        click.echo(f"Take it back with: lakewarden undo {end.run}")
    click.echo(f"Recovery point: {said(point)} (this is the backup {backup.id}).")
