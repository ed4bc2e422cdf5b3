"""One mistaken ACL or policy statement is enough to put a bucket on the internet, and scanners find
it within hours. The four public access switches overrule every such mistake, present and future,
which is why all four have to be on for every bucket that the deployment uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.condition import Judgement, all_of, expect
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.account import LOG_DELIVERIES, STORAGE_CONFIGURATIONS
from lakewarden.estate.aws import BUCKET_PUBLIC_ACCESS
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket
from lakewarden.ledger.finding import Severity

CONTROL = Control(
    id="bucket-public-access-blocked",
    title="All four public access switches of the bucket are on",
    paper=("P24",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=BUCKET,
    needs=(
        STORAGE_CONFIGURATIONS.need(),
        LOG_DELIVERIES.need(),
        EXTERNAL_LOCATIONS.need(),
        BUCKET_PUBLIC_ACCESS.need(),
    ),
    fix=Fix(
        "Turn on BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy and "
        "RestrictPublicBuckets on the bucket.",
    ),
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """None of the four is off."""
    block = at.estate.need(BUCKET_PUBLIC_ACCESS, bucket.name)
    return all_of(
        *(
            expect(
                switch,
                lambda value: value,
                expected="true",
                otherwise=f"{switch.field} is off",
            )
            for switch in (block.block_acls, block.ignore_acls, block.block_policy, block.restrict)
        )
    )


_CLOSED: dict[str, Any] = {
    "bucket": "b",
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def _estate(answers: Any) -> MemorySnapshot:
    return given(
        storage_configurations=[],
        log_deliveries=[],
        external_locations=[{"name": "lake", "url": "s3://b/lake"}],
        bucket_public_access=answers,
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("all four are on", _estate([_CLOSED]))
    for switch in [name for name in _CLOSED if name != "bucket"]:
        yield fails(f"{switch} is off", _estate([{**_CLOSED, switch: False}]))
    missing = {k: v for k, v in _CLOSED.items() if k != "RestrictPublicBuckets"}
    yield unclear("one is missing from the answer", _estate([missing]))
    yield fails("one is off, another missing", _estate([{**missing, "BlockPublicAcls": False}]))
    yield unclear("the switches may not be read", _estate(refused()))
    yield unclear("nobody asked about this bucket", _estate([{**_CLOSED, "bucket": "other"}]))
