"""`lakewarden undo`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from lakewarden.cli.changing import (
    begun,
    carried_out,
    confirmed,
    guarded_doors,
    insist_same_account,
    journal_of,
)
from lakewarden.cli.given_back import taken_back
from lakewarden.cli.options import Deployment, Selection, deployment_options
from lakewarden.cli.run_options import Run, run_options
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.errors import UsageError
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.catalog import closure
from lakewarden.estate.kind import Need
from lakewarden.guards.registry import needs
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.plan.change import Change
from lakewarden.plan.describe import described
from lakewarden.plan.plan import Plan, plan_from_json
from lakewarden.store.journal import RunRecord, RunState


@click.command()
@click.argument("of", metavar="RUN")
@deployment_options
@click.option(
    "--policy-file",
    envvar="LAKEWARDEN_POLICY_FILE",
    type=click.Path(path_type=Path),
    help="The policy file; lakewarden.toml in this folder when it is there.",
)
@run_options
def command(
    of: str,
    deployment: Deployment,
    policy_file: Path | None,
    run: Run,
    addresses: tuple[str, ...],
) -> int:
    """Take back what a run changed; `latest` is the newest that is not undone.

    Gives back what each step found, the last step first. What somebody has changed since is left
    alone, and nothing else is touched then either. What cannot be undone is named.

    Exits with 0 when everything is as it was, with 4 when something cannot be undone, and with 1
    when it stopped; the same command goes on from there.
    """
    with journal_of(run) as journal:
        old = _to_undo(journal.find(of))
        policy = policy_of(Selection(policy_file))
        reach = reach_of(deployment, policy)
        if old.plan.get("origin", {}).get("vault"):
            return taken_back(journal, old, reach, run)
        insist_same_account(reach.account_id, old.account_id)
        plan, lasting = _inverse(old)
        for line in described(plan):
            click.echo(line)
        for change in lasting:
            click.echo(f"cannot be undone: {change.address}: {change.irreversible}")
        wanted = partial(_needs, needs(plan))
        doors = guarded_doors(plan, policy, reach, wanted, addresses)
        if not confirmed(run, plan.changes, doors):
            return EXIT_CLEAN
        if run.break_lock:
            journal.break_lock(reach.account_id)
        under_way = begun(journal, "undo", old.id, plan, reach.account_id)
        click.echo(f"run {under_way.run.id}, taking back {old.id}")
        carried_out(under_way, plan.changes, doors)
        journal.mark_undone(old.id)
        click.echo(f"{len(plan.changes)} changes are taken back.")
        return EXIT_INCOMPLETE if lasting else EXIT_CLEAN


def _to_undo(run: RunRecord) -> RunRecord:
    if run.verb != "apply" or run.state is RunState.UNDONE:
        raise UsageError(
            f"the run {run.id} is undone already, or an undo itself",
            next_step="`lakewarden runs` lists them",
        )
    return run


def _needs(guards: set[Need], workspace: Workspace | None) -> set[Need]:
    """Return what guards need, and the workspaces."""
    return closure({WORKSPACES.need()} | guards) if workspace is None else closure(guards)


def _inverse(run: RunRecord) -> tuple[Plan, tuple[Change, ...]]:
    """Return the plan that takes a run back, and the changes of it that nothing takes back."""
    plan = plan_from_json(run.plan)
    begun = [(plan.changes[step.number], step.before) for step in reversed(run.steps)]
    lasting = tuple(change for change, _ in begun if change.irreversible)
    back = tuple(c.taking_back(found) for c, found in begun if not c.irreversible)
    overridden = "what was there is given back"
    return replace(plan, changes=back, manual=(), blocked=(), overridden=overridden), lasting
