"""`lakewarden vault runs`."""

from __future__ import annotations

import json

import click

from lakewarden.cli.options import json_option
from lakewarden.cli.vaults import aws_profile_option, vault_of
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.report.view import visible
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.prune import held


@click.command()
@click.argument("target")
@aws_profile_option
@json_option
def command(target: str, aws_profile: str | None, style: str) -> int:
    """List the runs of a vault, the oldest first."""
    with vault_of(target, aws_profile=aws_profile) as vault:
        runs, holds, damaged = vault.runs(), held(vault), vault.damaged()
    if style == "json":
        told = [_json(run, held=run.id in holds) for run in runs]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for run in runs:
            click.echo(visible(_line(run, held=run.id in holds)))
    for error in damaged:
        click.echo(visible(str(error)), err=True)
    return 1 if damaged else EXIT_CLEAN


def _line(run: Run, *, held: bool) -> str:
    state = "complete" if run.complete else "incomplete"
    size = f"{run.objects} objects, {run.size / 1e6:.1f} MB"
    of = f" ({run.part})" if run.part else ""
    return f"{run.id}  {run.ended}  {run.host}  {size}{of}, {state}{', held' if held else ''}"


def _json(run: Run, *, held: bool) -> dict[str, object]:
    return {
        "run": run.id,
        "host": run.host,
        "started": run.started,
        "ended": run.ended,
        "part": run.part,
        "root": run.root,
        "objects": run.objects,
        "bytes": run.size,
        "complete": run.complete,
        "held": held,
    }
