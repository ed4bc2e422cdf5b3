"""`lakewarden drill`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from lakewarden.assets.registry import kinds
from lakewarden.backup.begin import Wishes, begun
from lakewarden.backup.calls import Calls
from lakewarden.backup.selection import Selection as Part
from lakewarden.cli.changing import begun as noted
from lakewarden.cli.changing import journal_of
from lakewarden.cli.options import Deployment, Selection, deployment_options, json_option, together
from lakewarden.cli.recovering import (
    Pace,
    absolute,
    carried_out,
    goes_ahead,
    insist_signed,
    lock_of,
    maps_of,
    pace_options,
    target_of,
    wanted_by,
    whereabouts,
)
from lakewarden.cli.run_options import Run, run_options
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.cli.vaults import as_of_option, tell_of_lacks, vault_of
from lakewarden.clients.failure import CallFailedError
from lakewarden.clock import from_millis
from lakewarden.collect.caller import parse_addresses
from lakewarden.errors import ConnectionFailedError, VaultError
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_DIFFERENT, EXIT_INCOMPLETE
from lakewarden.restore.drill import (
    Difference,
    Stopwatch,
    differences,
    insist_empty,
    lacking,
    not_tried,
    tried,
)
from lakewarden.restore.plan import Restoration, summary
from lakewarden.restore.planner import How
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.task import Task, mapped, planned
from lakewarden.store.vault.as_of import chosen
from lakewarden.store.vault.manifest import Entry
from lakewarden.store.vault.manifest import Run as Backup
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.queue import Queue
from lakewarden.store.vault.secrets import ValueKey
from lakewarden.store.vault.vault import Vault
from lakewarden.store.vault.work import Work

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Drill:
    """What the command line says of a drill."""

    run_id: str | None
    moment: int | None


_INTO: Final = click.option(
    "--into", "workspace", required=True, metavar="ID", help="An empty workspace, by id or name."
)
_DRILL: Final = (
    click.option("--run", "run_id", metavar="ID", help="This backup; the newest unless given."),
    as_of_option,
)


def drill_options(command: F) -> F:
    """Add the options of a drill, as one `drill` argument."""
    return together(command, "drill", Drill, _DRILL)


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill came to."""

    backup: Backup
    run: str
    found: Restoration
    watch: Stopwatch
    seconds: float
    left: Sequence[Difference]

    @property
    def equal(self) -> bool:
        """Return whether every change was made, and nothing differs after them."""
        return not self.left and not self.watch.failed

    @property
    def code(self) -> int:
        """Return the exit code."""
        if not self.equal:
            return EXIT_DIFFERENT
        partly = self.found.left() or not self.backup.complete
        return EXIT_INCOMPLETE if partly else EXIT_CLEAN

    @property
    def verdict(self) -> str:
        """Return what it came to, in words."""
        if not self.equal:
            return f"{len(self.left)} differences, {self.watch.failed} changes failed"
        count = len(self.found.left())
        return "equal to the backup" + (f", but for {count} not tried" if count else "")

    def as_json(self) -> dict[str, Any]:
        """Return it as `--format json` prints it."""
        return {
            "backup": self.backup.id,
            "run": self.run,
            "equal": self.equal,
            "seconds": round(self.seconds, 1),
            "kinds": {
                kind: {"changes": t.changes, "seconds": round(t.seconds, 1)}
                for kind, t in self.watch.kinds.items()
            },
            "failed": self.watch.failed,
            "differences": [asdict(one) for one in self.left],
            **{name: value for name, value in self.found.as_json().items() if name != "plan"},
        }


@click.command()
@click.argument("target")
@drill_options
@partial(pace_options, workspace=_INTO)
@deployment_options
@run_options
@json_option
def command(
    target: str,
    drill: Drill,
    pace: Pace,
    deployment: Deployment,
    run: Run,
    addresses: tuple[str, ...],
    style: str,
) -> int:
    """Restore a backup into an empty workspace, back that up, and compare.

    Says how long it took until all of each kind was there, and names each asset that is not as the
    backup has it. The workspace is left as it is then; `undo` empties it again.

    Exits with 0 when all is equal, with 3 when something differs, and with 4 when something could
    not be tried, as values of secrets, or what else the backup could not read.
    """
    policy = policy_of(Selection())
    reach = reach_of(deployment, policy)
    with (
        journal_of(run) as journal,
        vault_of(absolute(target), aws_profile=deployment.aws_profile) as vault,
    ):
        when = None if drill.moment is None else from_millis(drill.moment)
        backup = chosen(vault, drill.run_id, when)
        insist_signed(backup, vault, pace)
        tell_of_lacks(backup)
        workspace = target_of(reach, pace, backup, vault)
        there = _emptied(workspace, backup)
        where = whereabouts(reach, workspace, parse_addresses(addresses))
        how = How(overwrite=True, values=pace.identity is not None)
        task = Task(maps=maps_of(pace, policy), how=how, addresses=where)
        found = planned(task, vault, backup, workspace, reach.account_id)
        _tell_of(found, run, style)
        if not wanted_by(run, found.plan):
            return EXIT_INCOMPLETE  # nothing was compared
        account = lock_of(reach, workspace.scope)
        if run.break_lock:
            journal.break_lock(account)
        going = noted(journal, "apply", "", found.plan, account)
        watch = Stopwatch()
        carried_out(going, found.plan, workspace.doors, pace.most_errors, also=watch.tell)
        seconds = watch.now() - watch.since
        left = _compared(task, vault, backup, workspace, found, there)
    drilled = Drilled(backup, going.run.id, found, watch, seconds, left)
    _tell(drilled, style)
    return drilled.code


def _tell_of(found: Restoration, run: Run, style: str) -> None:
    click.echo(summary(found), err=style == "json")
    if style == "json" and not goes_ahead(run, found.plan):
        click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))


def _emptied(workspace: TargetWorkspace, backup: Backup) -> frozenset[tuple[str, str]]:
    try:
        return insist_empty(workspace, backup.host)
    except CallFailedError as error:
        raise ConnectionFailedError(
            f"cannot be listed ({error})",
            where=workspace.catalogue.host.host,
            next_step="Check that the caller is an admin of it",
        ) from None


def _compared(
    task: Task,
    vault: Vault,
    backup: Backup,
    workspace: TargetWorkspace,
    found: Restoration,
    there: frozenset[tuple[str, str]],
) -> list[Difference]:
    """Back the workspace up into a folder that is thrown away, and compare what was to be made."""
    values = any(entry.cipher for entry in vault.entries(backup.id))
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as folder:
        have = _entries(workspace, Path(folder), backup, values=values)
    return differences(tried(mapped(task, vault, backup), found), have, there, not_tried(found))


def _entries(
    workspace: TargetWorkspace, folder: Path, backup: Backup, *, values: bool
) -> list[Entry]:
    host, url = workspace.catalogue.host, str(folder / "vault")
    key = ValueKey.of_this_machine() if values else None
    seal = (lambda kind, name, value: (key.digest(kind, name, value), b"")) if key else None
    asked = () if set(backup.collections) == set(kinds()) else tuple(backup.collections)
    wishes = Wishes(Part(kinds=asked, values=values), seal=seal)
    with (
        Work.open(host.host, url) as work,
        opened(url, spool=work.folder, create=True) as vault,
        Queue(work, vault.flush, fresh=True) as queue,
    ):
        calls = Calls(host)
        outcome = begun(calls, workspace.scope.partition("/")[2], vault, queue, wishes).run(
            None, lambda _: None, accept=True
        )
        if outcome.run is None or (unread := lacking(outcome.run, backup)):
            what = f" ({unread[0]})" if outcome.run else ""
            raise VaultError(
                f"what was restored could not be read as the backup was{what}, so nothing is "
                "compared",
                where=host.host,
                next_step="`lakewarden backup` says what cannot be read there",
            )
        work.discard()
        return list(vault.entries(outcome.run.id))


def _tell(drilled: Drilled, style: str) -> None:
    if style == "json":
        click.echo(json.dumps(drilled.as_json(), indent=2, ensure_ascii=False))
        return
    for other in drilled.left:
        click.echo(f"differs: {other.kind} {other.key}: {other.what}")
    for one in drilled.found.left():
        why = one.why or "; ".join(one.notes)
        click.echo(f"not tried: {one.wanted.kind} {one.wanted.key}: {why}")
    width = max(map(len, drilled.watch.kinds), default=0)
    for kind, timing in drilled.watch.kinds.items():
        click.echo(
            f"  {kind:{width}}  {timing.changes:6} changes, there after {timing.seconds:.1f} s"
        )
    click.echo(f"Recovered in {drilled.seconds:.1f} s: {drilled.verdict}.")
    click.echo(f"Empty the workspace again with: lakewarden undo {drilled.run}")
