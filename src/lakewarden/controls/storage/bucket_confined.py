"""A policy that names your networks may still let somebody in: two Denies where there should be
one, an exception that is too wide, an action that nobody thought of. Whoever holds stolen keys
tries them all. So every request that reads or writes the bucket is considered at once, and the one
that gets through is shown.
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
from lakewarden.controls.kit.bucket_mending import PLANS_WITH, bucket_policy, fence
from lakewarden.controls.kit.condition import Judgement, NotApplicable, all_of
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
from lakewarden.controls.kit.policy_wishes import put
from lakewarden.controls.kit.proved import asked, document_of, own_networks
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.account import NETWORKS
from lakewarden.estate.aws import BUCKET_POLICY
from lakewarden.estate.given import refused
from lakewarden.estate.storage import Bucket, Purpose
from lakewarden.estate.vpc import VPC_ENDPOINTS
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.facts.accounts import serverless

CONTROL = Control(
    id="bucket-confined",
    title="No request from outside your networks can read or write a data bucket",
    paper=("P14", "P24"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=BUCKET,
    needs=(
        *BUCKET_NEEDS,
        BUCKET_POLICY.need(),
        NETWORKS.need(),
        VPC_ENDPOINTS.need(),
    ),
    fix=Fix(
        "Refuse every reading and writing action in one Deny, with all networks in its conditions "
        "and an exception for your guardians; name networks outside the workspaces' own in "
        "lakewarden.toml under aws.trusted_networks.",
        console="S3, the bucket, Permissions, Bucket policy; try the request of the finding with "
        "the IAM policy simulator.",
        api="s3:PutBucketPolicy with the whole policy; lakewarden prove bucket.read.confined shows "
        "beforehand what it lets through.",
        terraform="aws_s3_bucket_policy with aws_iam_policy_document.",
        breaks="Whoever uses the bucket from a network that is not named is cut off, people in the "
        "console included.",
    ),
    maps=(
        *also(
            "shows by proof that no request from another network reaches the data",
            Relation.SUBSET,
            nist="AC-3 AC-4 SC-7(5)",
            soc2="CC6.1 CC6.6",
            pci="1.3.1 7.3.3",
            hipaa="164.312(a)(1)",
            iso="A.8.3 A.8.12",
            ccm="DSP-17 IVS-03",
        ),
        *also("makes keys worthless outside your networks", attack="T1078.004 T1530"),
    ),
    plans_with=PLANS_WITH,
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """Reading and writing from elsewhere are impossible, but for the guardians.

    Whose bucket it is was not read, so that any caller may be one whom no statement has to allow.
    """
    if bucket.is_root or not bucket.serves(Purpose.DATA):
        return NotApplicable("no external location keeps data in this bucket alone")
    text = at.estate.need(BUCKET_POLICY, bucket.name).document.get()
    policies = {"policy": (document_of(text, BUCKET_POLICY),)}
    words = {
        "bucket": (bucket.name,),
        "networks": own_networks(at),
        "principals": at.policy.guardians,
    }
    return all_of(
        asked("bucket.read.confined", BUCKET_POLICY, policies, words),
        asked("bucket.write.confined", BUCKET_POLICY, policies, words),
    )


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Refuse every other way in one Deny, beside whatever the policy says."""
    wall = fence(bucket.name, at)
    yield bucket_policy(bucket, at, lambda found: put(found, wall))


_BOTH: Final = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
_OTHERS: Final = {
    "StringNotEquals": {"aws:SourceVpc": ["vpc-1"]},
    "ForAllValues:StringNotLike": {"aws:VpceOrgPaths": [serverless().organisation_path]},
    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    "Bool": {"aws:ViaAWSService": "false"},
}
_FENCE: Final[dict[str, Any]] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": _BOTH,
    "Condition": _OTHERS,
}
_GUARDIAN: Final = "arn:aws:iam::111122223333:role/guardian"


def _deny(**changes: Any) -> dict[str, Any]:
    return {**_FENCE, **changes}


def _estate(*statements: dict[str, Any], **answers: Any) -> Any:
    network = {"network_id": "n1", "vpc_id": "vpc-1", "subnet_ids": [], "security_group_ids": []}
    kinds: dict[str, Any] = {
        "workspace": {"network_id": "n1"},
        "networks": [network],
        "vpc_endpoints": [],
        "bucket_policy": policy_of(*statements),
    }
    return data_bucket(**{**kinds, **answers})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("one Deny of everything from elsewhere", _estate(_FENCE))
    spared = {**_OTHERS, "ArnNotEquals": {"aws:PrincipalArn": _GUARDIAN}}
    guarded = Policy(guardians=(_GUARDIAN,))
    yield passes("but for a guardian", _estate(_deny(Condition=spared)), guarded)
    yield fails("the exception is for nobody's guardian", _estate(_deny(Condition=spared)))
    office = {**_OTHERS, "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    ours = Policy(trusted_networks=("203.0.113.0/24",))
    yield passes("the office as well", _estate(_deny(Condition=office)), ours)
    yield fails("an office that is not yours", _estate(_deny(Condition=office)))
    some = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"]
    yield fails("versions of objects were forgotten", _estate(_deny(Action=some)))
    yield fails("objects were forgotten", _estate(_deny(Resource="arn:aws:s3:::b")))
    yield fails("one caller alone is refused", _estate(_deny(Principal={"AWS": _GUARDIAN})))
    yield fails("nobody is refused", _estate())
    yield fails("there is no policy", _estate(bucket_policy=[{"bucket": "b"}]))
    tag = {"StringNotEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}
    yield fails("callers say by a tag where they may come from", _estate(_deny(Condition=tag)))
    bare = {**_OTHERS, "StringNotLike": {"aws:VpceOrgPaths": "o-1/*"}}
    yield unclear("several values are compared with one", _estate(_deny(Condition=bare)))
    yield unclear("the policy may not be read", _estate(bucket_policy=refused()))
    yield unclear("endpoints may not be read", _estate(_FENCE, vpc_endpoints=refused()))
    yield exempt("a root bucket", root_bucket(bucket_policy=policy_of(_FENCE)))
