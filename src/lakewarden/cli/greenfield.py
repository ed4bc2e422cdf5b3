"""`lakewarden terraform --greenfield`: writing the modules of a deployment from nothing."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, Final

import click

from lakewarden.cli.options import F
from lakewarden.errors import UsageError
from lakewarden.terraform.greenfield.write import GreenfieldOptions, write_greenfield

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,20}[a-z0-9]")


def greenfield_options(command: F) -> F:
    """Add the options of a deployment from nothing, and give them as `greenfield`, None without."""

    @click.option(
        "--greenfield",
        is_flag=True,
        help="Write modules for a deployment from nothing instead, that passes every control.",
    )
    @click.option("--name", help="With --greenfield: what all its names begin with.")
    @click.option("--region", help="With --greenfield: its AWS region.")
    @functools.wraps(command)
    def wrapped(*, greenfield: bool, name: str | None, region: str | None, **rest: Any) -> Any:
        asked = _asked(name, region) if greenfield else None
        if asked is None and (name or region):
            raise UsageError(
                "--name and --region are for a deployment from nothing",
                next_step="Add --greenfield, or leave them out",
            )
        return command(greenfield=asked, **rest)

    return wrapped  # type: ignore[return-value]  # click takes the wrapper for the command


def _asked(name: str | None, region: str | None) -> GreenfieldOptions:
    if not region:
        raise UsageError(
            "nobody says in which region the deployment is to be",
            next_step="Name an AWS region with --region, such as eu-central-1",
        )
    if not name or not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot begin the names of buckets" if name else "the deployment has no name",
            next_step="Give --name 3 to 22 lower-case letters, digits and hyphens",
        )
    return GreenfieldOptions(name, region)


def greenfield_into(out: Path, options: GreenfieldOptions) -> None:
    """Write the modules, and say where to begin.

    Args:
        out: the folder, new or empty.
        options: what they are made for.

    Raises:
        UsageError: the folder holds something or cannot be written to, or too little is known of
            the region.
    """
    try:
        written = write_greenfield(out, options)
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})",
            where=str(out),
            next_step="Name another folder with --out",
        ) from None
    click.echo(f"{len(written)} files in {out}; begin with {out / 'README.md'}")
