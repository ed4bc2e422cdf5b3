"""The option that says which lake, and what it is opened with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from lakewarden.errors import UsageError

if TYPE_CHECKING:
    from lakewarden.clients.lake_bucket import LakeBucket
    from lakewarden.store.lake.lake import Lake

F = TypeVar("F", bound=Callable[..., Any])

BUCKET: Final = "s3://"


LAKE: Final = (
    click.option(
        "--lake",
        "url",
        envvar="LAKEWARDEN_LAKE",
        metavar="URL",
        help="Folder or s3:// prefix of the event tables; a folder of this user unless given.",
    ),
    click.option("--aws-profile", help="AWS profile to use, for buckets."),
)
"""The options, in the order of `--help`."""


def lake_options(command: F) -> F:
    """Add `--lake` and `--aws-profile`."""
    for option in reversed(LAKE):
        command = option(command)
    return command


def open_lake(url: str | None, aws_profile: str | None, *, create: bool = False) -> Lake:
    """Open a lake, or make one.

    Raises:
        UsageError: it is neither a folder nor in a bucket of S3.
        StoreError: it cannot be opened.
        ConnectionFailedError: it is in a bucket, and there are no credentials.
    """
    from lakewarden.store.lake.lake import Lake  # noqa: PLC0415  # duckdb is slow to load

    url = url or default_lake()
    return (Lake.create if create else Lake.open)(url, _objects(url, aws_profile))


def default_lake() -> str:
    """Return the lake of this user."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return str(Path(state).expanduser() / "lakewarden" / "lake")


def _objects(url: str, aws_profile: str | None) -> LakeBucket | None:
    if not url.startswith(BUCKET):
        if "://" in url:
            raise UsageError(
                "is no place for the event tables",
                where=url,
                next_step="Name a folder, or s3://bucket/prefix",
            )
        return None
    from lakewarden.clients.aws import AwsAccount  # noqa: PLC0415  # only for buckets
    from lakewarden.clients.lake_bucket import LakeBucket  # noqa: PLC0415  # likewise

    return LakeBucket(AwsAccount(profile=aws_profile), url)
