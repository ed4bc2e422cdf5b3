"""The control plane reads and writes the root bucket of a workspace for every customer through one
AWS account. A bucket policy that trusts that account without naming your Databricks account leans
on the vendor alone to keep other customers out. The tag condition makes AWS check it too, and a
refusal of plain HTTP keeps credentials and data off the wire in the clear.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    observe,
    unknown,
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
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.account import LOG_DELIVERIES, STORAGE_CONFIGURATIONS, WORKSPACES
from lakewarden.estate.aws import BUCKET_POLICY
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import ACCOUNT_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.semantics.bucket_policy import admits_vendor, is_for_tenant, refuses_plain_http
from lakewarden.semantics.iam_documents import Statement, statements

CONTROL = Control(
    id="root-bucket-policy",
    title="The root bucket serves this Databricks account only, and only over TLS",
    paper=("P14",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=BUCKET,
    needs=(
        STORAGE_CONFIGURATIONS.need(),
        LOG_DELIVERIES.need(),
        EXTERNAL_LOCATIONS.need(),
        BUCKET_POLICY.need(),
    ),
    fix=Fix(
        "Add StringEquals aws:PrincipalTag/DatabricksAccountId with your account id to every Allow "
        "of the bucket policy, and a Deny of s3:* where aws:SecureTransport is false.",
        console="S3, the root bucket, Permissions, Bucket policy: add the condition and the Deny.",
        api="s3:PutBucketPolicy with the whole policy, the tag condition on each Allow.",
        terraform="aws_s3_bucket_policy with data databricks_aws_bucket_policy, which takes "
        "databricks_e2_account_id for the condition.",
        breaks="A wrong account id in the condition shuts the workspace out of its own root.",
    ),
    maps=(
        *also(
            "lets the vendor in for your account alone, and nobody over plain HTTP",
            Relation.SUBSET,
            nist="AC-3 SC-7 SC-8(1)",
            soc2="CC6.1 CC6.7",
            pci="4.2.1",
            hipaa="164.312(a)(1) 164.312(e)(1)",
            iso="A.5.23 A.8.3",
            ccm="CEK-03 DSP-17",
        ),
        *also(
            "shuts out other customers of the vendor and listeners on the way",
            cis_aws="2.1.1",
            dasf="DASF-9",
            attack="T1040 T1199",
        ),
    ),
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """Every Allow to the vendor or to everybody names the tenant, and plain HTTP is denied."""
    if not bucket.is_root:
        return NotApplicable("no workspace keeps its root in this bucket")
    fact = at.estate.need(BUCKET_POLICY, bucket.name).document
    document = fact.get()
    if document is None:
        return violated(
            "the bucket has no policy",
            Evidence(fact.source, fact.field, None, "a policy that names the Databricks account"),
        )
    found = statements(document, BUCKET_POLICY)
    return all_of(lambda: _tenant(found, at.estate.meta.account_id), _encrypted(found, bucket))


def _tenant(found: Sequence[Statement], account_id: str) -> Condition:
    if not account_id:
        return unknown(WORKSPACES.gap(Cause.NOT_READ, "the id of the account is not known"))
    loose = [
        f"statement {place}"
        for place, entry in enumerate(found, 1)
        if admits_vendor(entry) and not is_for_tenant(entry, account_id)
    ]
    evidence = Evidence(
        BUCKET_POLICY.source,
        "Allow without aws:PrincipalTag/DatabricksAccountId",
        loose,
        f"none; each Allow to Databricks wants {account_id}",
    )
    otherwise = f"{', '.join(loose)}: access for every Databricks customer or for everybody"
    return observe(not loose, evidence, otherwise=otherwise)


def _encrypted(found: Sequence[Statement], bucket: Bucket) -> Condition:
    denies = [
        f"statement {place}"
        for place, entry in enumerate(found, 1)
        if refuses_plain_http(entry, bucket.name)
    ]
    evidence = Evidence(
        BUCKET_POLICY.source, "Deny on aws:SecureTransport", denies, "a Deny of s3:* to everybody"
    )
    return observe(bool(denies), evidence, otherwise="requests without TLS are not refused")


_ALLOW: dict[str, Any] = {
    "Sid": "Databricks",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::b"],
    "Condition": {"StringEquals": {"aws:PrincipalTag/DatabricksAccountId": [ACCOUNT_ID]}},
}
_DENY: dict[str, Any] = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def _estate(*entries: dict[str, Any], text: str = "", root: bool = True) -> MemorySnapshot:
    document = text or json.dumps({"Version": "2012-10-17", "Statement": entries})
    return _bucket([{"bucket": "b", "Policy": document}], root=root)


def _bucket(policies: Any, *, root: bool = True) -> MemorySnapshot:
    storage = {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "b"}}
    return given(
        workspace={"storage_configuration_id": "s1"} if root else {},
        storage_configurations=[storage],
        log_deliveries=[],
        external_locations=[],
        bucket_policy=policies,
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("tagged and TLS only", _estate(_ALLOW, _DENY))
    own = {**_ALLOW, "Principal": {"AWS": "arn:aws:iam::111122223333:role/admin"}, "Condition": {}}
    yield passes("a role of our own needs no tag", _estate(_ALLOW, own, _DENY))
    bare = {k: v for k, v in _ALLOW.items() if k != "Condition"}
    yield fails("no tag condition", _estate(bare, _DENY))
    yield fails("everybody may read", _estate(_ALLOW, {**bare, "Principal": {"AWS": ["*"]}}, _DENY))
    anybody = {**_ALLOW, "Principal": "*"}
    yield fails("strangers may tag a role of theirs", _estate(anybody, _DENY))
    tag = {"aws:PrincipalTag/DatabricksAccountId": [ACCOUNT_ID, "another"]}
    other = {**_ALLOW, "Condition": {"StringEquals": tag}}
    yield fails("another customer is admitted too", _estate(other, _DENY))
    yield fails("plain HTTP works", _estate(_ALLOW))
    one = {**_DENY, "Action": "s3:PutObject"}
    yield fails("plain HTTP works for reading", _estate(_ALLOW, one))
    yield fails("one statement that is no list", _estate(text=json.dumps({"Statement": bare})))
    yield fails("no policy at all", _bucket([{"bucket": "b"}]))
    yield unclear("the policy cannot be parsed", _estate(text="{"))
    yield unclear("the policy may not be read", _bucket(refused()))
    yield exempt("not a root bucket", _estate(_ALLOW, root=False))
