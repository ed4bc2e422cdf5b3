"""Whoever steals the keys of a role that reads the lake reads it from anywhere: S3 asks for nothing
but a valid signature. A bucket policy that refuses all networks and callers but your own makes
stolen keys worthless outside, and no grant that somebody adds later can undo a Deny.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from lakewarden.controls.kit.bucket_examples import (
    BUCKET_NEEDS,
    data_bucket,
    policy_of,
    root_bucket,
)
from lakewarden.controls.kit.bucket_mending import PLANS_WITH, bucket_policy, fence
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    observe,
    violated,
)
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
from lakewarden.controls.kit.policy_wishes import Statements, document, put
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.aws import BUCKET_POLICY
from lakewarden.estate.given import refused
from lakewarden.estate.storage import Bucket, Purpose
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.bucket_policy import fences, is_open
from lakewarden.semantics.iam_documents import Statement, statements

CONTROL = Control(
    id="data-bucket-policy",
    title="Data buckets refuse everybody but the networks and callers that they name",
    paper=("P14",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=BUCKET,
    needs=(*BUCKET_NEEDS, BUCKET_POLICY.need()),
    fix=Fix(
        "Add one Deny of data actions to everybody unless aws:SourceVpce, aws:SourceVpc, "
        "aws:SourceIp or aws:PrincipalArn is one that you name, with an exception for "
        "emergencies; take away what is allowed to everybody.",
        console="S3, the bucket, Permissions, Bucket policy; preview it with IAM Access Analyzer.",
        api="s3:PutBucketPolicy with the whole policy; all network tests belong in one Deny.",
        terraform="aws_s3_bucket_policy with aws_iam_policy_document.",
        breaks="Whoever reads the bucket from a network that is not named is cut off: Unity "
        "Catalog's own network, serverless compute and people in the console have to be named.",
    ),
    maps=(
        *also(
            "refuses requests for data from networks and callers that nobody named",
            Relation.SUBSET,
            nist="AC-3 SC-7 SC-7(5)",
            soc2="CC6.1 CC6.6",
            pci="1.3.1 7.3.3",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.20",
            ccm="DSP-17 IVS-03",
        ),
        *also(
            "leaves neither strangers nor stolen keys a way in from outside",
            cis_aws="2.1.4",
            dasf="DASF-5",
            attack="T1078.004 T1530",
        ),
    ),
    plans_with=PLANS_WITH,
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """A Deny keeps strangers out, and no Allow lets everybody in."""
    if bucket.is_root or not bucket.serves(Purpose.DATA):
        return NotApplicable("no external location keeps data in this bucket alone")
    fact = at.estate.need(BUCKET_POLICY, bucket.name).document
    document = fact.get()
    if document is None:
        wanted = "a Deny to all but named networks or callers"
        return violated("the bucket has no policy", Evidence(fact.source, fact.field, None, wanted))
    found = statements(document, BUCKET_POLICY)
    return all_of(_closed(found), _fenced(found, bucket))


def _closed(found: Sequence[Statement]) -> Condition:
    public = [f"statement {place}" for place, entry in enumerate(found, 1) if is_open(entry)]
    evidence = Evidence(BUCKET_POLICY.source, "Allow to everybody", public, "none")
    otherwise = f"{', '.join(public)}: everybody is allowed in, from everywhere"
    return observe(not public, evidence, otherwise=otherwise)


def _fenced(found: Sequence[Statement], bucket: Bucket) -> Condition:
    denies = [
        f"statement {place}" for place, entry in enumerate(found, 1) if fences(entry, bucket.name)
    ]
    evidence = Evidence(
        BUCKET_POLICY.source,
        "Deny by network or caller",
        denies,
        "a Deny of reading to everybody but named networks or callers",
    )
    otherwise = "stolen keys of any role that may read it work from everywhere"
    return observe(bool(denies), evidence, otherwise=otherwise)


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Take out what lets everybody in, and refuse unknown ways unless a Deny does."""

    def edit(found: Statements) -> Statements:
        kept = [s for s in found if not is_open(document([s]).statements[0])]
        fenced = any(fences(s, bucket.name) for s in document(found).statements)
        return kept if fenced else put(kept, fence(bucket.name, at))

    yield bucket_policy(bucket, at, edit)


_FENCE: Final[dict[str, Any]] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {
        "StringNotEqualsIfExists": {"aws:SourceVpce": ["vpce-1"]},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
    },
}
_ALLOW: Final[dict[str, Any]] = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/*",
}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""

    def estate(*entries: dict[str, Any]) -> Any:
        return data_bucket(bucket_policy=policy_of(*entries))

    yield passes("all but one endpoint are refused", estate(_FENCE))
    role = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/lake"}}
    yield passes("all but one role are refused", estate({**_FENCE, "Condition": role}))
    here = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    yield passes("everybody of one network", estate(_FENCE, {**_ALLOW, "Condition": here}))
    yield fails("no policy", data_bucket(bucket_policy=[{"bucket": "b"}]))
    yield fails("nobody is refused", estate())
    yield fails("everybody is allowed in as well", estate(_FENCE, _ALLOW))
    anybody = {"StringNotLike": {"aws:SourceVpce": ["vpce-1", "*"]}}
    yield fails("the exception is for anybody", estate({**_FENCE, "Condition": anybody}))
    halves = {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}
    yield fails("two halves of the internet", estate({**_FENCE, "Condition": halves}))
    outside = {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}
    allow = {**_ALLOW, "Condition": outside}
    yield fails("requests from no network pass the test", estate(_FENCE, allow))
    agent = {**_FENCE["Condition"], "StringLike": {"aws:UserAgent": "*curl*"}}
    yield fails("only one tool is refused", estate({**_FENCE, "Condition": agent}))
    yield fails("writing alone is refused", estate({**_FENCE, "Action": "s3:PutObject"}))
    one = {**_FENCE, "Principal": {"AWS": "arn:aws:iam::111122223333:role/intern"}}
    yield fails("one role alone is refused", estate(one))
    yield unclear("it may not be read", data_bucket(bucket_policy=refused()))
    yield exempt("a root bucket", root_bucket(bucket_policy=policy_of(_FENCE)))
