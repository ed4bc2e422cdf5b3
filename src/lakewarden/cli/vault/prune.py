"""`lakewarden vault prune`."""

from __future__ import annotations

import click

from lakewarden.cli.vaults import aws_profile_option, vault_of
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.store.vault.prune import prune


@click.command()
@click.argument("target")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    required=True,
    help="So many complete runs of each workspace stay, and all that are newer than these.",
)
@aws_profile_option
def command(target: str, keep: int, aws_profile: str | None) -> int:
    """Delete old runs, and the blobs that no other run needs.

    A run whose listings were not all complete replaces none, and one of a part of the workspace
    replaces none of all of it. A run that is held stays. Nothing is
    deleted where something is damaged or locked.
    """
    with vault_of(target, aws_profile=aws_profile) as vault:
        pruned = prune(vault, keep)
    for run in pruned.runs:
        click.echo(f"deleted {run}")
    click.echo(f"runs deleted: {len(pruned.runs)}, packs deleted: {pruned.packs}")
    return EXIT_CLEAN
