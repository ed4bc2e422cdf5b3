"""Lets the object lock of a bucket that holds objects be changed, as AWS does and moto does not.

moto keeps a lock that was put while the bucket was empty; each later one stays here.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from lakewarden.simulate.aws.wire import Answer

if TYPE_CHECKING:
    from lakewarden.simulate.aws.operations import Operation
    from lakewarden.simulate.aws.wire import Call

_REFUSAL = b"<Code>InvalidBucket</Code>"
_XML = (("Content-Type", "application/xml"),)


class ObjectLocks:
    """The locks of an account's buckets that moto did not take."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}

    def corrected(self, call: Call, operation: Operation, answer: Answer) -> Answer:
        """Take a lock that moto refused, and give it back when it is asked for."""
        name, bucket = str(operation), call.path.strip("/")
        if name == "s3:PutObjectLockConfiguration":
            self._texts.pop(bucket, None)
            if _REFUSAL in answer.body:
                self._texts[bucket] = call.body
                return Answer(HTTPStatus.OK, headers=_XML)
        if name == "s3:DeleteBucket" and answer.status < HTTPStatus.BAD_REQUEST:
            self._texts.pop(bucket, None)
        if name == "s3:GetObjectLockConfiguration" and bucket in self._texts:
            return Answer(HTTPStatus.OK, self._texts[bucket], _XML)
        return answer
