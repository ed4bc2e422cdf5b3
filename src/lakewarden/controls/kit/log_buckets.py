"""Which buckets the audit log is delivered to, for controls that judge no others."""

from __future__ import annotations

from collections.abc import Callable

from lakewarden.controls.kit.condition import Judgement, NotApplicable
from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import LOG_DELIVERIES
from lakewarden.estate.storage import Bucket, Purpose


def of_the_log(bucket: Bucket, at: Context, judge: Callable[[], Judgement]) -> Judgement:
    """Judge a bucket that the audit log is delivered to; any other has nothing to answer for.

    Raises:
        UnreadError: it is not certain what is delivered to the bucket.
    """
    if Purpose.AUDIT_LOGS in bucket.purposes:
        return judge()
    for delivery in at.estate.of(LOG_DELIVERIES).each():
        delivery.storage_id.get()
    return NotApplicable("the audit log is not delivered to this bucket")
