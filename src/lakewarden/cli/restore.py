"""`lakewarden restore`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from lakewarden.apply.side_by_side import Outcome
from lakewarden.assets.registry import kinds
from lakewarden.cli.changing import begun, insist_same_account, journal_of
from lakewarden.cli.given_back import code_of, doors_of
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
    goes_ahead,
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
from lakewarden.cli.standing import stands_by
from lakewarden.cli.vaults import as_of_option, tell_of_lacks, vault_of
from lakewarden.clock import from_millis
from lakewarden.collect.caller import parse_addresses
from lakewarden.collect.doors import Reach
from lakewarden.errors import UsageError
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.plan.describe import described
from lakewarden.plan.plan import Plan, plan_from_json
from lakewarden.policyfile.policy import Policy
from lakewarden.restore.passive import starts_itself
from lakewarden.restore.plan import Restoration, lines
from lakewarden.restore.planner import Fate, How
from lakewarden.restore.target import TargetWorkspace
from lakewarden.restore.task import Task, planned
from lakewarden.restore.wanted import Choice
from lakewarden.store.database import default_url
from lakewarden.store.journal import Journal, RunJournal, RunRecord, RunState
from lakewarden.store.pairs import Pairs
from lakewarden.store.plans import write_plan
from lakewarden.store.vault.as_of import chosen
from lakewarden.store.vault.vault import Vault

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says is to be given back."""

    run_id: str | None
    moment: int | None
    kinds: tuple[str, ...]
    paths: tuple[str, ...]
    side_path: str
    overwrite: bool
    without_acls: bool
    allow_permanent: bool
    file: Path | None
    resume: str | None
    policy_file: Path | None


_WISH: Final = (
    click.option("--run", "run_id", metavar="ID", help="This backup; the newest unless given."),
    as_of_option,
    click.option(
        "--kinds",
        multiple=True,
        callback=names,
        metavar="KIND,…",
        help="These kinds of assets only.",
    ),
    click.option(
        "--paths",
        multiple=True,
        metavar="GLOB",
        help="What has such a path or key only, as in '/Shared/etl/*'. Repeatable.",
    ),
    click.option(
        "--side-path",
        default="",
        metavar="FOLDER",
        help="Give folders, notebooks and files back into this folder, beside what is there.",
    ),
    click.option("--overwrite", is_flag=True, help="Change what is there and differs as well."),
    click.option("--without-acls", is_flag=True, help="Leave permissions as they are."),
    click.option(
        "--allow-permanent", is_flag=True, help="Change settings that may never be changed back."
    ),
    click.option(
        "--out", "file", type=click.Path(path_type=Path), help="Write the plan to this file."
    ),
    click.option("--resume", metavar="RUN", help="Take up a restore that stopped or was cut off."),
    click.option(
        "--policy-file",
        envvar="LAKEWARDEN_POLICY_FILE",
        type=click.Path(path_type=Path),
        help="The policy file; lakewarden.toml in this folder when it is there.",
    ),
)


def wish_options(command: F) -> F:
    """Add the options of what is to be given back, as one `wish` argument."""
    return together(command, "wish", Wish, _WISH)


@click.command()
@click.argument("target")
@wish_options
@pace_options
@deployment_options
@run_options
@json_option
def command(
    target: str,
    wish: Wish,
    pace: Pace,
    deployment: Deployment,
    run: Run,
    addresses: tuple[str, ...],
    style: str,
) -> int:
    """Give a backup back, to the workspace that it is of or to another one.

    Shows first what it would make and change, what it leaves as it is, and why. What differs from
    the backup is left as it is without --overwrite. Every change is journalled before it is made
    and read back after; one that fails stops what stands on it, and nothing else.

    Exits with 0 when all of it is there, and with 4 when something is left to do.
    """
    policy = policy_of(Selection(wish.policy_file))
    reach = reach_of(deployment, policy)
    task = _task(wish, pace, policy, addresses)
    with (
        journal_of(run) as journal,
        vault_of(absolute(target), aws_profile=deployment.aws_profile) as vault,
    ):
        if wish.resume:
            old = _to_resume(journal.find(wish.resume), vault)
            insist_same_account(reach.account_id, old.plan["origin"]["account_id"])
            return _resumed(journal, old, reach, pace, vault, run, style)
        when = None if wish.moment is None else from_millis(wish.moment)
        backup = chosen(vault, wish.run_id, when)
        insist_signed(backup, vault, pace)
        tell_of_lacks(backup)
        workspace = target_of(reach, pace, backup, vault)
        task = replace(task, addresses=whereabouts(reach, workspace, task.addresses))
        found = planned(task, vault, backup, workspace, reach.account_id)
        _insist_asleep(found, workspace, run)
        if wish.file is not None:
            write_plan(wish.file, found.plan)
        if style == "table" or not goes_ahead(run, found.plan):
            _tell(found, wish.file, style)
        if not wanted_by(run, found.plan):
            return EXIT_INCOMPLETE if found.plan.changes else _left(found)
        return _restored(
            journal, found, workspace, lock_of(reach, workspace.scope), pace, run, style
        )


def _task(wish: Wish, pace: Pace, policy: Policy, addresses: tuple[str, ...]) -> Task:
    how = How(
        wish.overwrite,
        not wish.without_acls,
        permanent=wish.allow_permanent,
        values=pace.identity is not None,
    )
    choice = Choice(frozenset(wish.kinds), wish.paths)
    where = parse_addresses(addresses)
    return Task(choice, maps_of(pace, policy), how, wish.side_path, where)


def _insist_asleep(found: Restoration, workspace: TargetWorkspace, run: Run) -> None:
    """Refuse to give a standby what starts by itself.

    Raises:
        UsageError: it would get something like that.
    """
    every = kinds()
    awake = [
        one.wanted
        for one in found.of(Fate.CREATE, Fate.UPDATE)
        if starts_itself(every[one.wanted.kind], one.wanted.spec)
    ]
    if not awake:
        return
    pairs = Pairs(run.store or default_url())
    try:
        standby = stands_by(pairs, workspace.scope.partition("/")[2])
    finally:
        pairs.close()
    if standby:
        raise UsageError(
            f"the {awake[0].kind} {awake[0].key} would start by itself, and this is a standby",
            where=workspace.scope,
            next_step="Use `lakewarden sync`, or leave such kinds out with --kinds or --paths",
        )


def _restored(
    journal: Journal,
    found: Restoration,
    workspace: TargetWorkspace,
    account: str,
    pace: Pace,
    run: Run,
    style: str,
) -> int:
    """Carry a plan out, and say what became of it; return the exit code."""
    started = time.monotonic()
    if run.break_lock:
        journal.break_lock(account)
    going = begun(journal, "apply", "", found.plan, account)
    if style == "table":
        click.echo(f"run {going.run.id}")
    quiet = style == "json"
    outcome = carried_out(going, found.plan, workspace.doors, pace.most_errors, quiet=quiet)
    seconds = round(time.monotonic() - started, 1)
    more = {name: value for name, value in found.as_json().items() if name != "plan"}
    _told(going, found.plan, outcome, {"seconds": seconds, **more}, style)
    return EXIT_INCOMPLETE if outcome.failed else _left(found)


def _resumed(
    journal: Journal,
    old: RunRecord,
    reach: Reach,
    pace: Pace,
    vault: Vault,
    run: Run,
    style: str,
) -> int:
    """Take up a restore that stopped, or was cut off; return the exit code."""
    plan = plan_from_json(old.plan)
    if style == "table" or not run.yes:
        for line in described(plan):
            click.echo(line, err=style == "json")
    if not wanted_by(run, plan):
        return EXIT_INCOMPLETE
    if run.break_lock:
        journal.break_lock(old.account_id)
    doors = doors_of(plan, reach, pace, vault)
    going = journal.resume(old)
    outcome = carried_out(going, plan, doors, pace.most_errors, quiet=style == "json")
    left = [(entry.reason.name, entry.why) for entry in plan.blocked]
    left += [(entry.reason.name, entry.do) for entry in plan.manual]
    _told(going, plan, outcome, {"left": [{"key": k, "why": w} for k, w in left]}, style)
    return code_of(plan, outcome.failed)


def _to_resume(run: RunRecord, vault: Vault) -> RunRecord:
    origin = run.plan.get("origin", {})
    if run.verb != "apply" or run.state is RunState.UNDONE or not origin.get("vault"):
        raise UsageError(
            f"the run {run.id} is no restore to take up: it was undone, or is another kind of run",
            next_step="`lakewarden runs` lists them",
        )
    if origin["vault"] != vault.url:
        raise UsageError(
            f"the run {run.id} is of the vault {origin['vault']}, not of {vault.url}",
            next_step="Name that vault",
        )
    return run


def _tell(found: Restoration, file: Path | None, style: str) -> None:
    """Print a plan."""
    if style == "json":
        click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        for line in lines(found):
            click.echo(line)
        if file is not None and found.plan.changes:
            click.echo(f"\nCarry it out with: lakewarden apply {file}")


def _left(found: Restoration) -> int:
    """Return the exit code of a plan: incomplete where something is left as it is not wanted."""
    return EXIT_INCOMPLETE if found.left() else EXIT_CLEAN


def _told(run: RunJournal, plan: Plan, outcome: Outcome, more: dict[str, Any], style: str) -> None:
    """Print how a run ended."""
    identity = run.run.id
    if style == "json":
        result = {
            "run": identity,
            "backup": plan.origin.run,
            "made": outcome.made,
            "failed": [{"address": a, "why": why} for a, why in outcome.failed.items()],
            "stopped": outcome.stopped,
            **more,
        }
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    click.echo(f"{outcome.made} of {len(plan.changes)} changes are made.")
    if outcome.stopped:
        click.echo("Too many failed, so not all were tried (--max-errors).")
    if outcome.failed:
        click.echo(
            f"When that is mended: lakewarden restore {plan.origin.vault} --resume {identity}"
        )
    click.echo(f"Take it back with: lakewarden undo {identity}")
