"""A trail's bucket that strangers can read shows them how the account is built and watched; one
that they can write to lets them leave a false record. All four switches against public access shut
both out, whatever policies and ACLs are written later.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.bucket_mending import closed_to_the_world
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    expect,
)
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.controls.kit.trails import trail
from lakewarden.estate.aws import TRAILS, Trail
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.oversight import TRAIL_BUCKETS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="cloudtrail-bucket-private",
    title="The buckets of CloudTrail's trails are closed to the public",
    paper=("P29",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(TRAILS.need(), TRAIL_BUCKETS.need()),
    fix=Fix(
        "Switch on all four settings of Block Public Access for the bucket that the trail writes "
        "to.",
        console="S3, the trail's bucket, Permissions, Block public access.",
        api="s3 PutPublicAccessBlock with all four settings true.",
        terraform="aws_s3_bucket_public_access_block with all four arguments true.",
        breaks="Whoever read the bucket without signing in no longer can.",
    ),
    maps=(
        *also(
            "shuts the record of the AWS account to the public",
            Relation.SUBSET,
            nist="AC-3 AU-9 SC-7",
            soc2="CC6.1 CC6.6",
            pci="10.3.1 10.3.2",
            hipaa="164.312(a)(1) 164.312(c)(1)",
            iso="A.5.33 A.8.3 A.8.15",
            ccm="LOG-02 LOG-04",
            attack="T1530",
        ),
        *also(
            "asks for the same block, of the trails' buckets alone",
            Relation.SUBSET,
            cis_aws="2.1.4",
        ),
    ),
)


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """All four switches are on for the bucket of every trail."""
    trails = at.estate.of(TRAILS)
    seen = list(trails.seen())
    found = all_of(*(lambda trail=trail: _private(trail, at) for trail in seen))
    if found.met is not False and trails.gap is not None:
        raise UnreadError(trails.gap)
    return found if seen else NotApplicable("there is no trail in the deployment's regions")


def _private(found: Trail, at: Context) -> Condition:
    block = at.estate.need(TRAIL_BUCKETS, found.bucket.get())
    switches = (block.block_acls, block.ignore_acls, block.block_policy, block.restrict)
    return all_of(
        *(
            expect(
                switch,
                lambda value: value,
                expected="true",
                otherwise=f"bucket {block.name} has {switch.field} off",
            )
            for switch in switches
        )
    )


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """Switch all four on for every bucket of a trail."""
    buckets = sorted({trail.bucket.get() for trail in at.estate.of(TRAILS).each()})
    for bucket in buckets:
        yield closed_to_the_world(at.estate.need(TRAIL_BUCKETS, bucket))


_ON: dict[str, Any] = {
    "bucket": "trail-logs",
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def _estate(buckets: Items, trails: Items | None = None) -> MemorySnapshot:
    return given(trails=[trail()] if trails is None else trails, trail_buckets=buckets)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    yield passes("all four", _estate([_ON]))
    for switch in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy"):
        yield fails(f"without {switch}", _estate([{**_ON, switch: False}]))
    two = [trail(), trail("second", S3BucketName="open")]
    shut = {**_ON, "bucket": "open", "RestrictPublicBuckets": False}
    yield fails("the second trail's bucket", _estate([_ON, shut], two))
    yield unclear("a switch is missing", _estate([{**_ON, "BlockPublicAcls": None}]))
    yield unclear("the bucket may not be read", _estate(refused()))
    yield unclear("trails may not be read", _estate([], refused()))
    yield exempt("no trail", _estate([], []))
