"""Plans of restoring, as `apply` carries them out and `undo` takes them back."""

from __future__ import annotations

from collections.abc import Collection

import click

from lakewarden.apply.doors import Doors
from lakewarden.cli.changing import begun
from lakewarden.cli.recovering import (
    AS_GIVEN,
    Pace,
    carried_out,
    contents_of,
    lock_of,
    patient,
    wanted_by,
)
from lakewarden.cli.run_options import Run
from lakewarden.cli.vaults import vault_of
from lakewarden.collect.doors import Reach
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.plan.describe import described
from lakewarden.plan.plan import Plan, plan_from_json
from lakewarden.restore.undoing import inverse
from lakewarden.store.database import default_url
from lakewarden.store.journal import Journal, RunRecord
from lakewarden.store.pairs import Pairs
from lakewarden.store.vault.vault import Vault


def scope_of(plan: Plan) -> str:
    """Return the workspace that a plan is for, `workspace/3001`; empty for one without changes."""
    scopes = (change.target.scope for change in plan.changes)
    return next((scope for scope in scopes if scope.startswith("workspace/")), "")


def doors_of(plan: Plan, reach: Reach, pace: Pace, vault: Vault | None) -> Doors:
    """Return the doors of the workspace that a plan is for."""
    urls = {scope_of(plan).partition("/")[2]: plan.origin.host}
    return Doors(patient(reach), urls, contents_of(pace, vault), pace.share)


def applied(journal: Journal, plan: Plan, old: RunRecord | None, reach: Reach, run: Run) -> int:
    """Carry out a plan of restoring, or take up a run of one; return the exit code."""
    for line in described(plan):
        click.echo(line)
    if not wanted_by(run, plan):
        return EXIT_INCOMPLETE
    account = lock_of(reach, scope_of(plan))
    if run.break_lock:
        journal.break_lock(account)
    with vault_of(plan.origin.vault) as vault:
        doors = doors_of(plan, reach, AS_GIVEN, vault)
        going = journal.resume(old) if old else begun(journal, "apply", "", plan, account)
        click.echo(f"run {going.run.id}")
        outcome = carried_out(going, plan, doors, AS_GIVEN.most_errors)
    click.echo(f"{outcome.made} of {len(plan.changes)} changes are made.")
    click.echo(f"Take it back with: lakewarden undo {going.run.id}")
    return code_of(plan, outcome.failed)


def code_of(plan: Plan, failed: Collection[str] = ()) -> int:
    """Return the exit code of a plan that was carried out: incomplete where something is left."""
    return EXIT_INCOMPLETE if failed or plan.blocked or plan.manual else EXIT_CLEAN


def taken_back(journal: Journal, old: RunRecord, reach: Reach, run: Run) -> int:
    """Take a restore back; return the exit code."""
    made = plan_from_json(old.plan)
    plan, lasting = inverse(made, [(step.number, step.before) for step in old.steps])
    for line in described(plan):
        click.echo(line)
    for change in lasting:
        click.echo(f"cannot be undone: {change.address}: {change.irreversible}")
    if run.dry_run or (plan.changes and not wanted_by(run, plan)):
        return EXIT_INCOMPLETE
    if run.break_lock:
        journal.break_lock(old.account_id)
    doors = doors_of(made, reach, AS_GIVEN, None)
    going = begun(journal, "undo", old.id, plan, old.account_id)
    click.echo(f"run {going.run.id}, taking back {old.id}")
    outcome = carried_out(going, plan, doors, AS_GIVEN.most_errors)
    click.echo(f"{outcome.made} of {len(plan.changes)} changes are taken back.")
    if outcome.failed:
        click.echo(f"When that is mended, go on with `lakewarden undo {old.id}`")
        return EXIT_INCOMPLETE
    journal.mark_undone(old.id)
    pairs = Pairs(run.store or default_url())
    pairs.forget(old.id, scope_of(made).partition("/")[2], made.origin.run)
    pairs.close()
    return EXIT_INCOMPLETE if lasting else EXIT_CLEAN
