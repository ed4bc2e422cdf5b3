"""`lakewarden vault hold`."""

from __future__ import annotations

import click

from lakewarden.cli.vaults import aws_profile_option, vault_of
from lakewarden.ledger.run import EXIT_CLEAN
from lakewarden.store.vault.prune import hold


@click.command()
@click.argument("target")
@click.argument("run_id", metavar="RUN")
@aws_profile_option
def command(target: str, run_id: str, aws_profile: str | None) -> int:
    """Keep a run, whatever is pruned, until it is released."""
    with vault_of(target, aws_profile=aws_profile) as vault:
        hold(vault, run_id)
    return EXIT_CLEAN
