"""A client that talks plain HTTP to S3 shows its data, and the signatures that opened it, to all
on the way. S3 accepts such requests until the policy of a bucket refuses them, so one careless
script or an old tool is enough. A Deny where there is no TLS ends that for every caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.bucket_examples import (
    BUCKET_NEEDS,
    data_bucket,
    policy_of,
    root_bucket,
)
from lakewarden.controls.kit.bucket_mending import PLANS_WITH, bucket_policy, over_tls, partition_of
from lakewarden.controls.kit.condition import Judgement, NotApplicable
from lakewarden.controls.kit.control import (
    BOTH,
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
from lakewarden.controls.kit.proved import asked, document_of
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.aws import BUCKET_POLICY
from lakewarden.estate.given import refused
from lakewarden.estate.storage import Bucket
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="bucket-tls-only",
    title="Buckets for data and logs refuse requests without TLS",
    paper=("P14",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=BUCKET,
    needs=(*BUCKET_NEEDS, BUCKET_POLICY.need()),
    fix=Fix(
        "Add a Deny of s3:* to everybody where aws:SecureTransport is false, on the bucket and all "
        "of its objects.",
        console="S3, the bucket, Permissions, Bucket policy: add the statement.",
        api="s3:PutBucketPolicy with the whole policy, the Deny on aws:SecureTransport added.",
        terraform="aws_s3_bucket_policy, with the statement in its policy document.",
        breaks="Clients that still use http:// endpoints are refused; boto3, Spark and the console "
        "use TLS.",
    ),
    maps=(
        *also(
            "refuses every request for data or logs that comes over plain HTTP",
            Relation.SUBSET,
            nist="AC-17(2) SC-8 SC-8(1)",
            cis_aws="2.1.1",
            soc2="CC6.7",
            pci="4.2.1",
            hipaa="164.312(e)(1) 164.312(e)(2)(ii)",
            iso="A.5.14 A.8.24",
            ccm="CEK-03 DSP-10",
        ),
        *also(
            "leaves a listener on the way neither data nor signatures to read",
            dasf="DASF-9",
            attack="T1040",
        ),
    ),
    plans_with=PLANS_WITH,
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """No request without TLS reads or writes; of roots another control asks it."""
    if bucket.is_root:
        return NotApplicable("root-bucket-policy asks it of workspace root buckets")
    text = at.estate.need(BUCKET_POLICY, bucket.name).document.get()
    policies = {"policy": (document_of(text, BUCKET_POLICY),)}
    return asked("bucket.tls_only", BUCKET_POLICY, policies, {"bucket": (bucket.name,)})


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Refuse plain HTTP, beside whatever the policy says."""
    yield bucket_policy(bucket, at, over_tls(bucket.name, partition_of(at)))


_DENY: Final[dict[str, Any]] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("plain HTTP is denied", data_bucket(bucket_policy=policy_of(_DENY)))
    yield fails("no policy", data_bucket(bucket_policy=[{"bucket": "b"}]))
    yield fails("a policy about something else", data_bucket(bucket_policy=policy_of()))
    apart = [{**_DENY, "Resource": resource} for resource in _DENY["Resource"]]
    yield passes("in two statements", data_bucket(bucket_policy=policy_of(*apart)))
    yield fails("for objects, not for their names", data_bucket(bucket_policy=policy_of(apart[1])))
    writes = {**_DENY, "Action": "s3:PutObject"}
    yield fails("for writing alone", data_bucket(bucket_policy=policy_of(writes)))
    other = {**_DENY, "Resource": "arn:aws:s3:::b/landing/*"}
    yield fails("for one folder alone", data_bucket(bucket_policy=policy_of(other)))
    yield unclear("it may not be read", data_bucket(bucket_policy=refused()))
    text = [{"bucket": "b", "Policy": "{"}]
    yield unclear("the policy cannot be parsed", data_bucket(bucket_policy=text))
    yield exempt("a root bucket", root_bucket(bucket_policy=policy_of(_DENY)))
