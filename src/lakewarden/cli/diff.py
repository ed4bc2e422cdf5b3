"""`lakewarden diff`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lakewarden.cli.options import json_option
from lakewarden.ledger.run import EXIT_CLEAN, EXIT_DIFFERENT
from lakewarden.store.compare import compare
from lakewarden.store.snapshots import DiskSnapshot


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@json_option
def command(before: Path, after: Path, style: str) -> int:
    """Show what changed between two snapshots.

    Exits with 0 when they are equal and with 3 when they are not.
    """
    different = False
    for change in compare(DiskSnapshot.open(before), DiskSnapshot.open(after)):
        different = True
        if style == "json":
            click.echo(json.dumps(change.as_json(), ensure_ascii=False))
        else:
            click.echo(str(change))
    return EXIT_DIFFERENT if different else EXIT_CLEAN
