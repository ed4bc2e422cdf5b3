"""The bucket that backups are in: files by name, locked where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from lakewarden.clients.aws import AwsAccount, failure_of
from lakewarden.errors import ConnectionFailedError, UsageError, VaultError
from lakewarden.estate.fact import Cause

T = TypeVar("T")

_SCHEME: Final = "s3://"
_REGION: Final = "us-east-1"
_AT_ONCE: Final = 1000
"""So many objects may be deleted by one call."""
_UNLOCKABLE: Final = ("InvalidRequest", "ObjectLockConfigurationNotFoundError")
"""What S3 answers about locks where a bucket has none."""
_AGAIN: Final = "Check the network and the endpoint, and try again"
_STEPS: Final = {
    Cause.NOT_FOUND: "Make the bucket, or name another one",
    Cause.UNREACHABLE: _AGAIN,
    Cause.TIMEOUT: _AGAIN,
    Cause.SERVER_ERROR: _AGAIN,
}
"""What to do where it is no right that is lacking."""


class VaultBucket:
    """The files of one vault under a prefix. Threads may share it.

    Attributes:
        ahead: how many files are best read at a time.
    """

    ahead = 16

    def __init__(
        self, account: AwsAccount, url: str, *, lock: tuple[str, int] | None = None
    ) -> None:
        """Find the bucket.

        Args:
            account: to sign with.
            url: `s3://bucket/prefix`.
            lock: `GOVERNANCE` or `COMPLIANCE`, and for how many days what is written is locked.

        Raises:
            UsageError: the URL names no bucket, or a lock is asked for and the bucket has none.
            ConnectionFailedError: the bucket does not let us in.
        """
        self._bucket, _slash, prefix = url.removeprefix(_SCHEME).partition("/")
        if not url.startswith(_SCHEME) or not self._bucket:
            raise UsageError("is no bucket", where=url, next_step="Name it as s3://bucket/prefix")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = account.client("s3", account.region or _REGION)
        self._lock = lock
        if lock is not None:
            self._insist_lockable()

    def close(self) -> None:
        """Do nothing: the client is the account's."""

    def put(self, name: str, data: bytes) -> None:
        """Write an object, which S3 checks against its digest.

        Raises:
            ConnectionFailedError: it was refused.
        """
        put = partial(
            self._client.put_object,
            Bucket=self._bucket,
            Key=self._prefix + name,
            Body=data,
            ChecksumAlgorithm="SHA256",
            **self._retention("ObjectLock"),
        )
        self._ask("s3:PutObject", name, put)

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """Return a part of an object; None where it is not there.

        Raises:
            ConnectionFailedError: it was refused.
        """
        if not offset and length is None:
            return self._get(name)
        end = "" if length is None else offset + length - 1
        return self._get(name, Range=f"bytes={offset}-{end}")

    def tail(self, name: str, length: int) -> bytes | None:
        """Return the last bytes of an object; None where it is not there.

        Raises:
            ConnectionFailedError: it was refused.
        """
        return self._get(name, Range=f"bytes=-{length}")

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of objects that begin with a prefix, in order.

        Raises:
            ConnectionFailedError: they cannot be listed.
        """
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
        )
        while page := self._ask("s3:ListBucket", prefix, lambda: next(pages, None)):
            for entry in page.get("Contents", ()):
                yield str(entry["Key"]).removeprefix(self._prefix)

    def remove(self, names: Iterable[str]) -> None:
        """Delete objects; one that is not there is as good as deleted.

        Raises:
            VaultError: one is locked.
            ConnectionFailedError: it was refused.
        """
        every = list(names)
        for name in every:
            self._insist_unlocked(name)
        for start in range(0, len(every), _AT_ONCE):
            some = every[start : start + _AT_ONCE]
            for each in self._ask("s3:DeleteObject", some[0], partial(self._delete, some)):
                error = ClientError({"Error": each}, "DeleteObjects")
                name = str(each["Key"]).removeprefix(self._prefix)
                raise self._refused("s3:DeleteObject", name, error)

    def keep(self, names: Iterable[str]) -> None:
        """Lock objects for as long as what is written now; a longer lock stays.

        Raises:
            ConnectionFailedError: it was refused.
        """
        if self._lock is None:
            return
        with ThreadPoolExecutor(self.ahead) as pool:
            for _ in pool.map(self._keep, names):
                pass

    def where(self, name: str) -> str:
        """Return the URL of an object."""
        return f"{_SCHEME}{self._bucket}/{self._prefix}{name}"

    def _keep(self, name: str) -> None:
        wanted = self._retention("")
        until = self._locked_until(name)
        if until is not None and until >= wanted["RetainUntilDate"]:
            return
        key = self._prefix + name
        lock = partial(
            self._client.put_object_retention, Bucket=self._bucket, Key=key, Retention=wanted
        )
        self._ask("s3:PutObjectRetention", name, lock)

    def _retention(self, prefix: str) -> dict[str, Any]:
        """Return mode and end of the lock, as a call names them."""
        if self._lock is None:
            return {}
        mode, days = self._lock
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
        return {f"{prefix}Mode": mode, f"{prefix}RetainUntilDate": until}

    def _locked_until(self, name: str) -> datetime | None:
        """Return until when an object is locked; None when it is not."""
        key = self._prefix + name
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
            if failure_of(error).cause is Cause.NOT_FOUND:
                return None
            raise self._refused("s3:GetObject", name, error) from None
        until: datetime | None = found.get("ObjectLockRetainUntilDate")
        return until

    def _insist_unlocked(self, name: str) -> None:
        until = self._locked_until(name)
        if until is not None and until > datetime.now(UTC):
            raise VaultError(
                f"is locked until {until:%Y-%m-%dT%H:%M:%SZ}, and is not deleted",
                where=self.where(name),
                next_step="Wait until then",
            )

    def _insist_lockable(self) -> None:
        """Refuse a bucket that locks nothing.

        Raises:
            UsageError: it has no Object Lock.
            ConnectionFailedError: it cannot be asked.
        """
        try:
            found = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
            if failure_of(error).code not in _UNLOCKABLE:
                raise self._refused("s3:GetBucketObjectLockConfiguration", "", error) from None
            found = {}
        if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise UsageError(
                "a lock is asked for, and the bucket has no Object Lock",
                where=f"{_SCHEME}{self._bucket}",
                next_step="Enable Object Lock on it, or leave out --lock-days",
            )

    def _get(self, name: str, **arguments: str) -> bytes | None:
        def get() -> bytes | None:
            try:
                key = self._prefix + name
                found = self._client.get_object(Bucket=self._bucket, Key=key, **arguments)
                return bytes(found["Body"].read())
            except Exception as error:
                failed = failure_of(error)
                if failed.cause is Cause.NOT_FOUND and failed.code != "NoSuchBucket":
                    return None
                if failed.code == "InvalidRange":  # it is empty
                    return b""
                raise

        return self._ask("s3:GetObject", name, get)

    def _delete(self, names: list[str]) -> list[Mapping[str, Any]]:
        """Delete some objects; return what is said of those that were not deleted."""
        named = {"Objects": [{"Key": self._prefix + name} for name in names], "Quiet": True}
        answer = self._client.delete_objects(Bucket=self._bucket, Delete=named)
        return list(answer.get("Errors", ()))

    def _ask(self, action: str, name: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # boto3 has no base of all its exceptions
            raise self._refused(action, name, error) from None

    def _refused(self, action: str, name: str, error: Exception) -> ConnectionFailedError:
        failed = failure_of(error)
        return ConnectionFailedError(
            f"the bucket refused ({failed.detail})",
            where=self.where(name),
            next_step=_STEPS.get(failed.cause, f"{action} is needed on it"),
        )
