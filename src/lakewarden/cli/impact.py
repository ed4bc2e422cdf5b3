"""`lakewarden impact`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lakewarden.cli.options import Deployment, Selection, deployment_options, json_option
from lakewarden.cli.pipeline import snapshot_of
from lakewarden.cli.settings import named_policy, policy_of, reach_of
from lakewarden.clock import Clock
from lakewarden.errors import UsageError
from lakewarden.estate.catalog import closure
from lakewarden.estate.estate import Estate
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.plan.plan import Plan
from lakewarden.store.audit_files import lines
from lakewarden.store.plans import read_plan


@click.command()
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@deployment_options
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    help="Take what the plan does not say from this snapshot instead of the live deployment.",
)
@click.option(
    "--plan-alone",
    is_flag=True,
    help="Read nothing but the plan; what it does not say is then not known.",
)
@json_option
def command(
    *,
    plan_file: Path,
    deployment: Deployment,
    snapshot: Path | None,
    plan_alone: bool,
    style: str,
) -> int:
    """Show whom and what a plan would have refused, from recorded events, and change nothing.

    --events names a folder of delivered audit logs, or of system.access.audit exported as JSON
    lines. Every request in it is put to the rules that the plan changes. What events do not show is
    listed as not known.
    """
    from lakewarden.impact.coverage import needs_of  # noqa: PLC0415  # rules load when needed
    from lakewarden.impact.measure import measure  # noqa: PLC0415  # rich is slow to load
    from lakewarden.impact.report import write_json, write_table  # noqa: PLC0415  # too

    plan = read_plan(plan_file)
    if deployment.events is None:
        raise UsageError(
            "no events were given",
            next_step="Name the folder of the delivered audit logs with --events",
        )
    write = write_json if style == "json" else write_table
    if plan_alone:
        write(measure(plan, None, lines(deployment.events)), sys.stdout)
        return EXIT_CLEAN
    policy = policy_of(Selection(policy_file=named_policy()))
    reach = None if snapshot else reach_of(deployment, policy)
    needed = closure(needs_of(plan.changes))
    with snapshot_of(snapshot, reach, policy, Clock(), lambda _: needed) as found:
        _insist_same_account(plan, found.meta.account_id)
        write(measure(plan, Estate(found), lines(deployment.events)), sys.stdout)
    return EXIT_CLEAN


def _insist_same_account(plan: Plan, account: str) -> None:
    """Refuse a plan that was made for another account.

    Raises:
        UsageError: it was.
    """
    planned = plan.origin.account_id
    if planned and account and planned != account:
        raise UsageError(
            f"the plan is for the account {planned}, and this is {account}",
            next_step="Choose the other account, or a snapshot of it",
        )
