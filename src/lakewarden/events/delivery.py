"""What is delivered: a file of events, where it is listed, and what its key says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from lakewarden.errors import LakewardenError
from lakewarden.events.columns import Source

_DAY: Final = re.compile(
    r"date=(\d{4}-\d{2}-\d{2})|/(\d{4}/\d{2}/\d{2})/|year=(\d{4})/month=(\d{2})/day=(\d{2})"
)
_WORKSPACE: Final = re.compile(r"(?:^|/)workspaceId=(\d+)/")
_ACCOUNT: Final = re.compile(
    r"AWSLogs/(?:o-[a-z0-9]+/)?(\d{12})/|aws-account-id=(\d{12})/", re.IGNORECASE
)
_REGION: Final = re.compile(
    r"(?:CloudTrail(?:-\w+)?|vpcflowlogs)/([a-z0-9-]+)/|aws-region=([a-z0-9-]+)/"
)
_FOLDERS: Final = {
    Source.CLOUDTRAIL: re.compile(r"/CloudTrail(?:-(?!Digest/)\w+)?/"),
    Source.VPCFLOW: re.compile(r"[/=]vpcflowlogs/"),
}
_AWS_LOGS: Final = "AWSLogs/"
_LEFT: Final = ("_", ".")
DELTA_LOG: Final = "_delta_log"
"""The folder by which a Delta table is known: only what is listed there belongs to the table."""


class Delivered(NamedTuple):
    """A file as it was listed.

    Attributes:
        key: its path in the folder, or its key in the bucket.
        etag: what changes when the file does.
        size: in bytes.
        arrived: when it was written, ms since 1970.
    """

    key: str
    etag: str
    size: int
    arrived: int


class Origin(Protocol):
    """Where files are delivered: a folder or a bucket.

    Attributes:
        ahead: how many files are fetched at a time; 1 where fetching is no waiting.
    """

    ahead: int

    def listed(self) -> Iterable[Delivered]:
        """Yield all files.

        Raises:
            LakewardenError: they cannot be listed.
        """

    def read(self, item: Delivered) -> bytes:
        """Return all of a file.

        Raises:
            UnreadableError: it cannot be read.
        """

    def place(self, item: Delivered, target: str) -> str:
        """Return a path of this machine where a file is; `target` is where it may be put.

        Raises:
            UnreadableError: it cannot be read.
        """


class UnreadableError(LakewardenError):
    """A file that was listed cannot be read."""


def unreadable(item: Delivered, error: Exception) -> UnreadableError:
    """Return what keeps a file from being read."""
    if isinstance(error, UnreadableError):
        return error
    return UnreadableError(
        f"cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})",
        where=item.key,
        next_step="Give the right to read it, and ingest again",
    )


class About(NamedTuple):
    """What a key says of the events in the file; None for what it does not say."""

    account_id: str | None
    workspace_id: str | None
    region: str | None
    day: str | None


def about(key: str) -> About:
    """Read a key."""
    return About(*(_found(pattern, key) for pattern in (_ACCOUNT, _WORKSPACE, _REGION, _DAY)))


def hidden(key: str) -> bool:
    """Return whether a file is no log: a name of its path begins with a point or an underscore."""
    return any(name.startswith(_LEFT) for name in key.split("/"))


def foreign(key: str, source: Source) -> bool:
    """Return whether the layout of a bucket says that a file is no log of a source."""
    folder = _FOLDERS.get(source)
    return folder is not None and _AWS_LOGS in key and not folder.search(key)


def _found(pattern: re.Pattern[str], key: str) -> str | None:
    match = pattern.search(key)
    return "-".join(filter(None, match.groups())).replace("/", "-") if match else None
