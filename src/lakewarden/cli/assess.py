"""`lakewarden assess`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lakewarden.cli.options import Deployment, Selection, deployment_options, selection_options
from lakewarden.cli.pipeline import assessed, snapshot_of, write
from lakewarden.cli.plans import PlanOptions, assessed_plan, plan_options
from lakewarden.cli.settings import policy_of, reach_of
from lakewarden.clock import Clock
from lakewarden.errors import UsageError
from lakewarden.ledger.finding import Severity
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_INCOMPLETE
from lakewarden.report.formats import FORMATS


@click.command()
@deployment_options
@selection_options
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    help="Judge this snapshot instead of the live deployment.",
)
@plan_options
@click.option(
    "--format", "style", type=click.Choice(sorted(FORMATS)), default="table", show_default=True
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the report to this file.")
@click.option(
    "--fail-on",
    type=click.Choice([s.value for s in Severity]),
    default=Severity.LOW.value,
    show_default=True,
    help="The least severity at which a failure makes the exit code 3.",
)
def command(
    deployment: Deployment,
    selection: Selection,
    snapshot: Path | None,
    plan: PlanOptions,
    style: str,
    output: Path | None,
    fail_on: str,
) -> int:
    """Judge a deployment, or a snapshot of one, against the paper.

    Exits with 0 when everything is right, 3 when a control fails at or above --fail-on, and 4
    when something could not be read, so that nothing can be said of it. A plan always leaves things
    open, so with --terraform-plan these alone make it 0, unless --strict is given.
    """
    policy, clock = policy_of(selection), Clock()
    if plan.file is not None:
        if snapshot is not None:
            raise UsageError("a snapshot and a plan were given", next_step="Give one of them")
        with assessed_plan(plan, policy, clock) as report:
            write(report, style, output, sys.stdout)
            code = report.tally.exit_code(Severity(fail_on))
            return EXIT_CLEAN if code == EXIT_INCOMPLETE and not plan.strict else code
    plan.insist_unused()
    reach = None if snapshot else reach_of(deployment, policy)
    with (
        snapshot_of(snapshot, reach, policy, clock) as found,
        assessed(found, policy, clock) as report,
    ):
        write(report, style, output, sys.stdout)
        return report.tally.exit_code(Severity(fail_on))
