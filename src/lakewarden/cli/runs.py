"""`lakewarden runs`."""

from __future__ import annotations

import json

import click

from lakewarden.cli.options import json_option
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.store.database import default_url
from lakewarden.store.journal import Journal, RunRecord


@click.command()
@click.option(
    "--store",
    envvar="LAKEWARDEN_STORE",
    metavar="URL",
    help="The database of the journal; a file of this user unless given.",
)
@json_option
def command(store: str | None, style: str) -> int:
    """List the runs of the journal, the newest first."""
    journal = Journal.open(store or default_url())
    runs = journal.runs()
    journal.close()
    if style == "json":
        click.echo(json.dumps([_row(run) for run in runs], indent=2))
        return EXIT_CLEAN
    for run in runs:
        of = f" of {run.of}" if run.of else ""
        reason = f": {run.reason}" if run.reason else ""
        changes = len(run.plan["changes"])
        click.echo(f"{run.id}  {run.verb}{of}, {changes} changes, {run.state}{reason}")
    if not runs:
        click.echo("No run yet.")
    return EXIT_CLEAN


def _row(run: RunRecord) -> dict[str, object]:
    return {
        "id": run.id,
        "verb": run.verb,
        "of": run.of or None,
        "account_id": run.account_id,
        "started": run.started,
        "state": run.state.value,
        "reason": run.reason or None,
        "changes": len(run.plan["changes"]),
    }
