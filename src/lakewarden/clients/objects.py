"""Objects of a bucket: what log delivery, CloudTrail and flow logs leave there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lakewarden.clients.aws import AwsAccount, failure_of
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import ConnectionFailedError, UsageError
from lakewarden.estate.fact import Cause
from lakewarden.events.delivery import DELTA_LOG, Delivered, UnreadableError, hidden

_SCHEME: Final = "s3://"
_REGION: Final = "us-east-1"
_CHUNK: Final = 1 << 20
_PARALLEL: Final = 16


class Bucket:
    """The objects under a prefix of a bucket, or a single one.

    Names that begin with a point or an underscore are left alone.

    Attributes:
        ahead: how many objects are fetched at a time.
    """

    ahead = _PARALLEL

    def __init__(self, account: AwsAccount, url: str) -> None:
        """Find the bucket; nothing is read yet.

        Raises:
            UsageError: the URL names no bucket.
        """
        self._url = url
        self._bucket, _slash, self._prefix = url.removeprefix(_SCHEME).partition("/")
        if not url.startswith(_SCHEME) or not self._bucket:
            raise UsageError("is no bucket", where=url, next_step="Name it as s3://bucket/prefix")
        self._client = account.client("s3", account.region or _REGION)

    def listed(self) -> Iterator[Delivered]:
        """Yield all objects, none twice.

        Raises:
            UsageError: there are none, or they are a Delta table.
            ConnectionFailedError: they cannot be listed.
        """
        folder = self._prefix if self._prefix.endswith("/") else f"{self._prefix}/"
        found = False
        for prefix in (folder if self._prefix else "", self._prefix):
            for entry in self._pages(prefix):
                key = str(entry["Key"])
                if prefix == self._prefix and not self._is_here(key):
                    continue
                own = key.removeprefix(prefix)
                self._insist_on_no_table(own)
                if not key.endswith("/") and not hidden(own):
                    found = True
                    yield _delivered(entry)
            if found:
                return
        raise UsageError("has no objects", where=self._url, next_step="Name the prefix of the logs")

    def read(self, item: Delivered) -> bytes:
        """Return all of an object.

        Raises:
            UnreadableError: it cannot be read.
        """
        try:
            data: bytes = self._get(item).read()
        except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
            raise _unreadable(item, failure_of(error)) from None
        return data

    def place(self, item: Delivered, target: str) -> str:
        """Put an object into a file of this machine, unless it is there.

        Raises:
            UnreadableError: it cannot be read.
        """
        path = Path(target)
        if path.exists():
            return target
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            try:
                body = self._get(item)
                chunks = body.iter_chunks(_CHUNK)
                chunk = next(chunks, None)
            except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
                raise _unreadable(item, failure_of(error)) from None
            while chunk is not None:
                file.write(chunk)
                try:
                    chunk = next(chunks, None)
                except Exception as error:  # noqa: BLE001  # likewise
                    raise _unreadable(item, failure_of(error)) from None
        part.rename(path)
        return target

    def _insist_on_no_table(self, own: str) -> None:
        """Refuse a Delta table, which may hold files that were taken out of it."""
        table, log, _ = f"/{own}".partition(f"/{DELTA_LOG}/")
        if log:
            raise UsageError(
                "is a Delta table, or has one in it, which is not read from a bucket",
                where=f"{self._url.rstrip('/')}{table}",
                next_step="Copy it with its _delta_log to this machine, and name the copy",
            )

    def _is_here(self, key: str) -> bool:
        return not self._prefix or key == self._prefix or self._prefix.endswith("/")

    def _get(self, item: Delivered) -> Any:
        return self._client.get_object(Bucket=self._bucket, Key=item.key)["Body"]

    def _pages(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        try:
            for page in pages:
                yield from page.get("Contents", ())
        except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
            failed = failure_of(error)
            raise ConnectionFailedError(
                f"the objects cannot be listed ({failed.detail})",
                where=self._url,
                next_step="s3:ListBucket is needed on the bucket",
            ) from None


def storage_options(account: AwsAccount) -> Mapping[str, str]:
    """Return what opens a bucket to Delta, as Delta names it."""
    keys = account.keys()
    options = {
        "aws_access_key_id": keys.access_key,
        "aws_secret_access_key": keys.secret_key,
        "aws_session_token": keys.token or "",
        "aws_region": account.region or _REGION,
        "aws_endpoint": os.environ.get("AWS_ENDPOINT_URL_S3")
        or os.environ.get("AWS_ENDPOINT_URL", ""),
        "aws_conditional_put": "etag",
    }
    if options["aws_endpoint"].startswith("http://"):
        options["aws_allow_http"] = "true"
    return {name: value for name, value in options.items() if value}


def _delivered(entry: Mapping[str, Any]) -> Delivered:
    arrived = int(entry["LastModified"].timestamp() * 1000)
    return Delivered(str(entry["Key"]), str(entry["ETag"]).strip('"'), int(entry["Size"]), arrived)


def _unreadable(item: Delivered, failed: CallFailedError) -> UnreadableError:
    steps = {
        Cause.FORBIDDEN: "s3:GetObject is needed on it, and kms:Decrypt where it is encrypted",
        Cause.NOT_FOUND: "It was deleted after it was listed",
    }
    return UnreadableError(
        f"cannot be read ({failed.detail})",
        where=item.key,
        next_step=steps.get(failed.cause, "Ingest again"),
    )
