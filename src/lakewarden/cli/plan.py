"""`lakewarden plan`."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from lakewarden.cli.options import (
    Deployment,
    Selection,
    deployment_options,
    json_option,
    selection_options,
)
from lakewarden.cli.pipeline import insist_known, snapshot_of
from lakewarden.cli.run_options import NOTHING_ALLOWED, Allowed, allowed_options
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.clock import Clock, parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.planning import plan_for
from lakewarden.controls.kit.registry import chosen, needs_at
from lakewarden.estate.estate import Estate
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.plan.change import Change
from lakewarden.plan.describe import described
from lakewarden.plan.plan import Origin, Plan
from lakewarden.policyfile.policy import Policy
from lakewarden.store.plans import write_plan
from lakewarden.store.snapshots import DiskSnapshot


@click.command()
@deployment_options
@selection_options
@allowed_options
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    help="Plan for this snapshot instead of the live deployment.",
)
@click.option("--out", "file", type=click.Path(path_type=Path), help="Write the plan to this file.")
@click.option(
    "--override-proofs",
    "reason",
    default="",
    metavar="REASON",
    help="Let policies be applied of which not everything is proved, and say why.",
)
@json_option
def command(
    deployment: Deployment,
    selection: Selection,
    allowed: Allowed,
    snapshot: Path | None,
    file: Path | None,
    reason: str,
    style: str,
) -> int:
    """Plan the changes that would mend what fails, and change nothing.

    Shows every change with the failures that it mends, what people must do by hand, and what
    cannot be planned yet and why. What could not be taken back is left out unless it is allowed.
    The plan in --out can be put to `impact`, and be carried out by
    `apply` as long as the deployment stays as it is.
    """
    policy, clock = policy_of(selection), Clock()
    reach = None if snapshot else reach_of(deployment, policy)
    needs = partial(needs_at, policy, planning=True)
    with snapshot_of(snapshot, reach, policy, clock, needs) as found:
        insist_known(found, policy.include.workspaces | policy.exclude.workspaces)
        plan = planned(found, policy, selection.posture or "", selection.controls, allowed)
    plan = replace(plan, overridden=reason)
    if file is not None:
        write_plan(file, plan)
    if style == "json":
        click.echo(json.dumps(plan.as_json(), indent=2, ensure_ascii=False))
        return EXIT_CLEAN
    for line in described(plan):
        click.echo(line)
    if file is not None and plan.changes:
        click.echo(f"\nCarry it out with: lakewarden apply {file}")
    return EXIT_CLEAN


def planned(
    snapshot: DiskSnapshot,
    policy: Policy,
    posture: str,
    controls: tuple[str, ...] = (),
    allowed: Allowed = NOTHING_ALLOWED,
) -> Plan:
    """Return the plan for a snapshot, without what nobody can take back unless it is allowed.

    Args:
        snapshot: what was read.
        policy: what the organisation wants.
        posture: what was asked for everywhere; empty for what the policy says.
        controls: those that were asked for by name; empty for all.
        allowed: what may be done that nobody can take back.
    """
    estate = Estate(snapshot, policy.include.workspaces, policy.exclude.workspaces)
    at = Context(estate, policy, parse_time(snapshot.meta.taken))
    origin = Origin(snapshot.meta.account_id, snapshot.meta.taken, posture, controls)
    return plan_for(estate, chosen(policy), at, origin).without(partial(_left_out, allowed))


def _left_out(allowed: Allowed, change: Change) -> str:
    """Return why a change that nobody can take back is left out; empty for any other."""
    if change.permanent and not allowed.allow_permanent:
        return "it can never be switched off again: plan it with --allow-permanent"
    if change.irreversible and not (change.permanent or allowed.allow_irreversible):
        return f"it cannot be undone ({change.irreversible}): plan it with --allow-irreversible"
    return ""
