"""What the commands about backups share: the vault of a target, and which run of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lakewarden.cli.watch.stored import until
from lakewarden.report.view import visible
from lakewarden.store.vault.manifest import Run
from lakewarden.store.vault.opened import S3, opened
from lakewarden.store.vault.vault import Vault

if TYPE_CHECKING:
    from lakewarden.store.vault.places import Objects

F = TypeVar("F", bound=Callable[..., Any])


def vault_of(
    target: str,
    *,
    spool: Path | None = None,
    create: bool = False,
    aws_profile: str | None = None,
    lock_days: int | None = None,
    lock_mode: str = "GOVERNANCE",
) -> Vault:
    """Open the vault that a user named.

    Args:
        target: a folder, `git+PATH` or a folder that is a git repository, `s3://bucket/prefix`.
        spool: the folder for what is not sealed yet, as `Work` has it; None for reading only.
        create: whether to make a vault where there is none.
        aws_profile: for a bucket.
        lock_days: how long the bucket is to refuse deleting what is written.
        lock_mode: `GOVERNANCE` or `COMPLIANCE`.

    Raises:
        UsageError: there is no vault, or a lock was asked for where there can be none.
        VaultError: it cannot be read or made.
        ConnectionFailedError: the bucket does not let us in.
    """
    bucket = _bucket(target, aws_profile, lock_days, lock_mode)
    return opened(target, spool=spool, bucket=bucket, create=create)


def tell_of_lacks(run: Run) -> None:
    """Say on standard error that a run is of a part of a workspace, or could not read all of it."""
    if run.part:
        click.echo(visible(f"{run.id} is of a part of {run.host}: {run.part}"), err=True)
    if not run.complete:
        click.echo(
            f"{run.id} could not read everything: `lakewarden verify` says what is missing",
            err=True,
        )


def aws_profile_option(command: F) -> F:
    """Add `--aws-profile`, for a vault in a bucket."""
    return click.option("--aws-profile", help="AWS profile to use.")(command)


def as_of_option(command: F) -> F:
    """Add `--as-of`; the command gets the last moment of it as Unix time in ms, or None."""
    return click.option(
        "--as-of",
        "moment",
        metavar="TIME",
        callback=until,
        help="The newest run of that time, as 2026-11-27 or 2026-11-27T18:00.",
    )(command)


def _bucket(
    target: str, aws_profile: str | None, lock_days: int | None, lock_mode: str
) -> Objects | None:
    if not target.startswith(S3):
        if lock_days is not None:
            raise click.UsageError("--lock-days is for s3:// only: nothing else can lock files")
        return None
    from lakewarden.clients.aws import AwsAccount  # noqa: PLC0415  # only where it is a bucket
    from lakewarden.clients.vault_bucket import VaultBucket  # noqa: PLC0415  # likewise

    lock = (lock_mode, lock_days) if lock_days is not None else None
    return VaultBucket(AwsAccount(profile=aws_profile), target, lock=lock)
