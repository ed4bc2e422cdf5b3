"""An object whose writer owns it obeys the writer's ACL, not the policy of the bucket. Somebody who
may write can so hand out single objects, to the world if they like, where no reviewer of policies
looks. With the bucket's owner enforced, ACLs are off and the policy alone decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.bucket_examples import BUCKET_NEEDS, data_bucket
from lakewarden.controls.kit.bucket_mending import setting
from lakewarden.controls.kit.condition import Judgement, expect
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
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.buckets import BUCKET_OWNERSHIP
from lakewarden.estate.given import refused
from lakewarden.estate.storage import Bucket
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="bucket-owner-enforced",
    title="The bucket's owner owns every object, and ACLs are off",
    paper=("P24",),
    severity=Severity.LOW,
    postures=BOTH,
    subject=BUCKET,
    needs=(*BUCKET_NEEDS, BUCKET_OWNERSHIP.need()),
    fix=Fix(
        "Set object ownership of the bucket to BucketOwnerEnforced, once nothing relies on ACLs.",
        console="S3, the bucket, Permissions, Object Ownership: ACLs disabled.",
        api="s3:PutBucketOwnershipControls with ObjectOwnership BucketOwnerEnforced.",
        terraform='aws_s3_bucket_ownership_controls with object_ownership = "BucketOwnerEnforced".',
        breaks="Writers that send an ACL other than bucket-owner-full-control are refused, and "
        "readers that had access by ACL alone lose it.",
    ),
    maps=(
        *also(
            "leaves the bucket's policy as the one place that opens objects to others",
            Relation.SUBSET,
            nist="AC-3 AC-6 CM-6",
            soc2="CC6.1 CC6.3",
            pci="7.3.2",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-17 IAM-16",
        ),
        *also(
            "keeps writers from opening single objects to other accounts or to the world",
            cis_aws="2.1.4",
            dasf="DASF-5",
            attack="T1530 T1537",
        ),
    ),
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """Ownership is enforced; where nothing was set, ACLs count."""
    return expect(
        at.estate.need(BUCKET_OWNERSHIP, bucket.name).rule,
        lambda value: value == "BucketOwnerEnforced",
        expected="BucketOwnerEnforced",
        otherwise="ACLs of single objects count: object ownership is {value}",
    )


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Enforce it; S3 refuses while an ACL of the bucket lets others in."""
    now = at.estate.need(BUCKET_OWNERSHIP, bucket.name).rule.get()
    place, wanted = "/ObjectOwnership", "BucketOwnerEnforced"
    yield setting("bucket_ownership", bucket.name, place, now, wanted)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    for rule, example in (
        ("BucketOwnerEnforced", passes),
        ("BucketOwnerPreferred", fails),
        ("ObjectWriter", fails),
    ):
        answer = [{"bucket": "b", "ObjectOwnership": rule}]
        yield example(rule, data_bucket(bucket_ownership=answer))
    yield fails("never set", data_bucket(bucket_ownership=[{"bucket": "b"}]))
    yield unclear("it may not be read", data_bucket(bucket_ownership=refused()))
