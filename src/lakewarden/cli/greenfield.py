"""`lakewarden terraform --greenfield`: writing the modules of a deployment from nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

from lakewarden.errors import UsageError
from lakewarden.terraform.greenfield.write import GreenfieldOptions, write_greenfield

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,20}[a-z0-9]")


def greenfield(out: Path, name: str, region: str) -> None:
    """Write the modules, and say what to do next.

    Args:
        out: the folder, new or empty.
        name: what the names of everything begin with.
        region: the AWS region.

    Raises:
        UsageError: the name or the region does not do, or the folder holds something.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot begin the names of buckets",
            next_step="Take 3 to 22 lower-case letters, digits and hyphens, the first a letter",
        )
    written = write_greenfield(out, GreenfieldOptions(name, region))
    click.echo(f"{len(written)} files in {out}. Begin with {out / 'README.md'}.")


@click.command("greenfield")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to, new or empty.",
)
@click.option("--name", default="lakehouse", show_default=True, help="What all names begin with.")
@click.option("--region", required=True, help="The AWS region.")
def command(out: Path, name: str, region: str) -> None:
    """Write Terraform modules for a deployment that passes every control."""
    greenfield(out, name, region)
