"""Which buckets the audit log is delivered to, for controls that judge no others."""

from __future__ import annotations

from collections.abc import Callable

from lakewarden.controls.kit.condition import Judgement, NotApplicable
from lakewarden.estate.storage import Bucket, Purpose


def of_the_log(bucket: Bucket, judge: Callable[[], Judgement]) -> Judgement:
    """Judge a bucket that the audit log is delivered to; any other has nothing to answer for.

    Raises:
        UnreadError: it is not certain what is delivered to the bucket.
    """
    if bucket.serves(Purpose.AUDIT_LOGS):
        return judge()
    return NotApplicable("the audit log is not delivered to this bucket")
