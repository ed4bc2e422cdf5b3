"""The bucket that event tables are in: files up and down, and what opens it to Delta."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from lakewarden.clients.aws import AwsAccount, failure_of
from lakewarden.clients.objects import storage_options
from lakewarden.errors import ConnectionFailedError
from lakewarden.estate.fact import Cause

T = TypeVar("T")

_REGION: Final = "us-east-1"
_AT_ONCE: Final = 1000
"""So many objects may be deleted by one call."""


class LakeBucket:
    """The bucket of one lake."""

    def __init__(self, account: AwsAccount, url: str) -> None:
        """Take an account and `s3://bucket/prefix`; nothing is read yet."""
        self._account = account
        self._bucket = url.removeprefix("s3://").partition("/")[0]
        self._client = account.client("s3", account.region or _REGION)

    def options(self) -> Mapping[str, str]:
        """Return what opens the bucket to Delta, with the credentials of this moment."""
        return storage_options(self._account)

    def put(self, key: str, path: str) -> None:
        """Upload a file.

        Raises:
            ConnectionFailedError: it was refused.
        """
        self._ask("s3:PutObject", key, lambda: self._client.upload_file(path, self._bucket, key))

    def fetch(self, key: str, path: str) -> bool:
        """Download an object; return whether it is there.

        Raises:
            ConnectionFailedError: it was refused.
        """

        def get() -> bool:
            try:
                self._client.download_file(self._bucket, key, path)
            except Exception as error:
                if failure_of(error).cause is Cause.NOT_FOUND:
                    return False
                raise
            return True

        return self._ask("s3:GetObject", key, get)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of the objects under a prefix.

        Raises:
            ConnectionFailedError: it was refused.
        """
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
        )
        while page := self._ask("s3:ListBucket", prefix, lambda: next(pages, None)):
            yield from (str(entry["Key"]) for entry in page.get("Contents", ()))

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is not there is as good as deleted.

        Raises:
            ConnectionFailedError: it was refused.
        """
        every = list(keys)
        for start in range(0, len(every), _AT_ONCE):
            some = every[start : start + _AT_ONCE]
            for each in self._ask("s3:DeleteObject", some[0], partial(self._delete, some)):
                error = ClientError({"Error": each}, "DeleteObjects")
                raise self._refused("s3:DeleteObject", str(each["Key"]), error)

    def _delete(self, keys: list[str]) -> list[Mapping[str, Any]]:
        """Delete some objects; return what is said of those that were not deleted."""
        named = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        answer = self._client.delete_objects(Bucket=self._bucket, Delete=named)
        return list(answer.get("Errors", ()))

    def _ask(self, action: str, key: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
            raise self._refused(action, key, error) from None

    def _refused(self, action: str, key: str, error: Exception) -> ConnectionFailedError:
        return ConnectionFailedError(
            f"the bucket refused ({failure_of(error).detail})",
            where=f"s3://{self._bucket}/{key}",
            next_step=f"{action} is needed on it",
        )
