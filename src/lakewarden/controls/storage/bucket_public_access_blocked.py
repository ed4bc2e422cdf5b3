"""One mistaken ACL or policy statement is enough to put a bucket on the internet, and scanners find
it within hours. The four public access switches overrule every such mistake, present and future,
which is why all four have to be on for every bucket: at the bucket, or for its whole AWS account.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.bucket_examples import BUCKET_NEEDS, data_bucket
from lakewarden.controls.kit.bucket_mending import closed_to_the_world
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    any_of,
    expect,
    violated,
)
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
from lakewarden.estate.aws import BUCKET_PUBLIC_ACCESS
from lakewarden.estate.buckets import ACCOUNT_PUBLIC_ACCESS
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import Bucket
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="bucket-public-access-blocked",
    title="All four public access switches are on for the bucket or for its AWS account",
    paper=("P24",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=BUCKET,
    needs=(*BUCKET_NEEDS, BUCKET_PUBLIC_ACCESS.need(), ACCOUNT_PUBLIC_ACCESS.need()),
    fix=Fix(
        "Turn on BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy and RestrictPublicBuckets, "
        "best for the whole AWS account.",
        console="S3, Block Public Access settings for this account: block all public access.",
        api="s3control:PutPublicAccessBlock for the account, or s3:PutPublicAccessBlock for the "
        "bucket, with all four switches true.",
        terraform="aws_s3_account_public_access_block, or aws_s3_bucket_public_access_block.",
        breaks="Whatever is meant to be public, such as a web site in a bucket, stops being so.",
    ),
    maps=(
        *also(
            "overrules every ACL and policy that would open the bucket to the internet",
            Relation.SUBSET,
            nist="AC-3 AC-4 SC-7",
            cis_aws="2.1.4",
            soc2="CC6.1 CC6.6",
            pci="1.4.4 7.3.3",
            hipaa="164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="DSP-07 DSP-17",
        ),
        *also("leaves strangers nothing to list or to fetch", dasf="DASF-5", attack="T1530 T1619"),
    ),
)

_SWITCHES: Final = ("block_acls", "ignore_acls", "block_policy", "restrict")


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """None of the four is off on both levels."""
    return all_of(*(lambda name=name: _on(name, bucket, at) for name in _SWITCHES))


def _on(name: str, bucket: Bucket, at: Context) -> Condition:
    return any_of(lambda: _at_bucket(name, bucket, at), lambda: _for_account(name, bucket, at))


def _at_bucket(name: str, bucket: Bucket, at: Context) -> Condition:
    switch = getattr(at.estate.need(BUCKET_PUBLIC_ACCESS, bucket.name), name)
    otherwise = f"{switch.field} is off"
    return expect(switch, lambda value: value, expected="true", otherwise=otherwise)


def _for_account(name: str, bucket: Bucket, at: Context) -> Condition:
    """Require the switch of the account, if the bucket is one of the account's own."""
    for account in at.estate.of(ACCOUNT_PUBLIC_ACCESS).each():
        if bucket.name not in account.buckets.get():
            evidence = Evidence("s3:ListBuckets", "Buckets", account.id, bucket.name)
            return violated(f"it does not belong to the AWS account {account.id}", evidence)
        otherwise = f"nor is it on for the AWS account {account.id}"
        switch = getattr(account, name)
        return expect(switch, lambda value: value, expected="true", otherwise=otherwise)
    raise UnreadError(ACCOUNT_PUBLIC_ACCESS.gap(Cause.NOT_FOUND, "no AWS account was read"))


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Switch all four on at the bucket; of its AWS account there may be other buckets."""
    yield closed_to_the_world(at.estate.need(BUCKET_PUBLIC_ACCESS, bucket.name))


_CLOSED: Final[dict[str, Any]] = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def _estate(bucket: Any, account: Any = None, owned: tuple[str, ...] = ("b",)) -> MemorySnapshot:
    if isinstance(bucket, dict):
        bucket = [{"bucket": "b", **bucket}]
    if account is None:
        account = dict.fromkeys(_CLOSED, False)
    if isinstance(account, dict):
        account = [{"AccountId": "111122223333", "Buckets": list(owned), **account}]
    return data_bucket(bucket_public_access=bucket, account_public_access=account)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    open_ = dict.fromkeys(_CLOSED, False)
    yield passes("all four are on at the bucket", _estate(_CLOSED))
    yield passes("all four are on for the account", _estate(open_, _CLOSED))
    half = {**_CLOSED, "BlockPublicAcls": False}
    yield passes("each is on at one of the two", _estate(half, {**open_, "BlockPublicAcls": True}))
    for switch in _CLOSED:
        yield fails(f"{switch} is off", _estate({**_CLOSED, switch: False}))
    yield fails("another account's bucket", _estate(open_, _CLOSED, owned=("other",)))
    missing = {k: v for k, v in _CLOSED.items() if k != "RestrictPublicBuckets"}
    yield unclear("one is missing from the answer", _estate(missing))
    yield fails("one is off, another missing", _estate({**missing, "BlockPublicAcls": False}))
    yield unclear("the switches may not be read", _estate(refused()))
    yield passes("the account's suffice", _estate(refused(), _CLOSED))
    yield unclear("the account's may not be read", _estate(open_, refused()))
    yield passes("the bucket's suffice", _estate(_CLOSED, refused()))
    yield unclear("nobody asked about this bucket", _estate([{"bucket": "other", **_CLOSED}]))
