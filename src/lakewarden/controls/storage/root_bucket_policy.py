"""The control plane reads and writes the root bucket of a workspace for every customer through one
AWS account. A bucket policy that trusts that account without naming your Databricks account leans
on the vendor alone to keep other customers out. The tag condition makes AWS check it too, and a
refusal of plain HTTP keeps credentials and data off the wire in the clear. Whatever the form of the
policy, every request that it lets through is considered at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lakewarden.controls.kit.bucket_mending import (
    PLANS_WITH,
    bucket_policy,
    documented_root,
    over_tls,
    partition_of,
)
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
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
from lakewarden.controls.kit.policy_wishes import Statements, document
from lakewarden.controls.kit.principals import (
    EVERYBODY,
    account_of,
    for_tenant,
    narrowed_to,
    principals_of,
)
from lakewarden.controls.kit.proved import (
    accounts_of,
    asked,
    document_of,
    vendor_accounts,
    vendors_of,
)
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.account import (
    CREDENTIALS,
    LOG_DELIVERIES,
    STORAGE_CONFIGURATIONS,
    WORKSPACES,
)
from lakewarden.estate.aws import BUCKET_POLICY
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.given import ACCOUNT_ID, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.proofs.policies.build import Policy, accounts
from lakewarden.proofs.questions.given import Given
from lakewarden.semantics.iam_documents import Document

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
        CREDENTIALS.need(),
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
    plans_with=PLANS_WITH,
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """Other customers, strangers, and requests without TLS do not get through."""
    if not bucket.is_root:
        return NotApplicable("no workspace keeps its root in this bucket")
    tenant = at.estate.meta.account_id
    if not tenant:
        raise UnreadError(WORKSPACES.gap(Cause.NOT_READ, "the id of the account is not known"))
    text = at.estate.need(BUCKET_POLICY, bucket.name).document.get()
    policies = {"policy": (document_of(text, BUCKET_POLICY),)}
    words: dict[str, Iterable[str]] = {"bucket": (bucket.name,)}
    plain = asked("bucket.tls_only", BUCKET_POLICY, policies, words)
    return all_of(plain, lambda: _ours(policies, words, tenant, at))


def _ours(
    policies: Mapping[str, tuple[Document, ...]],
    words: Mapping[str, Iterable[str]],
    tenant: str,
    at: Context,
) -> Condition:
    """Require that the bucket serves your accounts, and Databricks for you.

    Which of several accounts it belongs to is not known, so that each of them is tried. A plan may
    not say it before it is applied; then what lets nobody but Databricks in is right.

    Raises:
        UnreadError: no account of yours is known.
    """
    gap = None
    try:
        accounts, vendors = accounts_of(at), vendors_of(at)
    except UnreadError as error:
        if error.gap.cause not in {Cause.PLANNED, Cause.UNPLANNED}:
            raise
        gap, accounts = error.gap, (_SOMEBODY,)
        vendors = vendor_accounts(Given(policies).partition)
    if not accounts or not vendors:
        raise UnreadError(CREDENTIALS.gap(Cause.NOT_READ, "no registered role says whose it is"))
    users = (*vendors, *accounts, *at.policy.guardians)
    found = all_of(
        *(
            asked(name, BUCKET_POLICY, policies, {**words, "account": (account,), **more})
            for account in accounts
            for name, more in (
                ("bucket.read.confined", {"principals": users}),
                ("bucket.write.confined", {"principals": users}),
                *(("bucket.no_other_tenant", _for(tenant, vendor)) for vendor in vendors),
            )
        )
    )
    if gap is not None and not found.met:
        raise UnreadError(gap)
    return found


_SOMEBODY: Final = "000000000000"
"""Stands for an account that is not known; nobody has this number."""


def _for(tenant: str, vendor: str) -> dict[str, tuple[str, ...]]:
    return {"databricks": (vendor,), "databricks-account": (tenant,)}


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Tie Databricks to this account, let strangers in no longer, and refuse plain HTTP."""
    tenant, partition = at.estate.meta.account_id, partition_of(at)
    vendors, secured = vendors_of(at), over_tls(bucket.name, partition)

    def edit(found: Statements) -> Statements:
        kept = [new for entry in found for new in _ours_alone(entry, found, bucket, at)]
        admitted = {account_of(who) for entry in kept for who in principals_of(entry)}
        if admitted.isdisjoint(vendors):
            kept += documented_root(bucket.name, tenant, partition)
        return secured(kept)

    text = at.estate.need(BUCKET_POLICY, bucket.name).document.get()
    yield bucket_policy(bucket, at, edit, "" if text else _NEW)


def _ours_alone(entry: Policy, found: Statements, bucket: Bucket, at: Context) -> Iterator[Policy]:
    """Yield what is left of a statement: all of it unless somebody else gets through by it."""
    denies = [other for other in found if other.get("Effect") == "Deny"]
    alone = {"policy": (document([entry, *denies]),)}
    words = {"bucket": (bucket.name,)}
    tenant = at.estate.meta.account_id
    if entry.get("Effect") == "Deny" or _ours(alone, words, tenant, at).met:
        yield entry
        return
    vendors, own = vendors_of(at), {*accounts_of(at), *map(_account_in, at.policy.guardians)}
    named = principals_of(entry)
    theirs = narrowed_to(entry, (who for who in named if account_of(who) in vendors))
    if EVERYBODY in named:
        roots = accounts(*vendors, partition=partition_of(at))
        theirs = {**entry, "Principal": roots}
    ours = narrowed_to(entry, (who for who in named if account_of(who) in own))
    yield from (for_tenant(kept, tenant) for kept in (theirs,) if kept)
    yield from (kept for kept in (ours,) if kept)


def _account_in(arn: str) -> str:
    return account_of(("AWS", arn))


_NEW: Final = "it lets in Databricks for this account, which nothing did before"
_BOTH: Final = ["arn:aws:s3:::b/*", "arn:aws:s3:::b"]
_TENANT: Final = {"aws:PrincipalTag/DatabricksAccountId": [ACCOUNT_ID]}
_ALLOW: Final[dict[str, Any]] = {
    "Sid": "Databricks",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": _BOTH,
    "Condition": {"StringEquals": _TENANT},
}
_DENY: Final[dict[str, Any]] = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": _BOTH,
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def _estate(*entries: dict[str, Any], text: str = "", root: bool = True) -> MemorySnapshot:
    document = text or json.dumps({"Version": "2012-10-17", "Statement": entries})
    return _bucket([{"bucket": "b", "Policy": document}], root=root)


def _bucket(policies: Any, *, root: bool = True, **kinds: Any) -> MemorySnapshot:
    storage = {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "b"}}
    usual: dict[str, Any] = {
        "workspace": {"storage_configuration_id": "s1"} if root else {},
        "storage_configurations": [storage],
        "log_deliveries": [],
        "external_locations": [],
        "bucket_policy": policies,
        "credentials": _credentials("111122223333"),
    }
    return given(**{**usual, **kinds})


def _credentials(*accounts: str, partition: str = "aws") -> list[dict[str, Any]]:
    arns = (f"arn:{partition}:iam::{account}:role/databricks" for account in accounts)
    return [
        {"credentials_id": arn, "aws_credentials": {"sts_role": {"role_arn": arn}}} for arn in arns
    ]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes("tagged and TLS only", _estate(_ALLOW, _DENY))
    own = {**_ALLOW, "Principal": {"AWS": "arn:aws:iam::111122223333:role/admin"}, "Condition": {}}
    yield passes("a role of our own needs no tag", _estate(_ALLOW, own, _DENY))
    bare = {k: v for k, v in _ALLOW.items() if k != "Condition"}
    yield fails("no tag condition", _estate(bare, _DENY))
    others = {**_DENY, "Condition": {"StringNotEquals": _TENANT}}
    refused_to_all = {**others, "Principal": _ALLOW["Principal"]}
    yield passes("a Deny asks for the tag", _estate(bare, refused_to_all, _DENY))
    yield fails("everybody may read", _estate(_ALLOW, {**bare, "Principal": {"AWS": ["*"]}}, _DENY))
    anybody = {**_ALLOW, "Principal": "*"}
    yield fails("strangers may tag a role of theirs", _estate(anybody, _DENY))
    partner = {**bare, "Principal": {"AWS": "arn:aws:iam::999900001111:root"}}
    yield fails("somebody else's account", _estate(_ALLOW, partner, _DENY))
    both = _bucket(
        [{"bucket": "b", "Policy": json.dumps({"Statement": [_ALLOW, partner, _DENY]})}],
        credentials=_credentials("111122223333", "999900001111"),
    )
    yield passes("the account is another of ours", both)
    tag = {"aws:PrincipalTag/DatabricksAccountId": [ACCOUNT_ID, "another"]}
    other = {**_ALLOW, "Condition": {"StringEquals": tag}}
    yield fails("another customer is admitted too", _estate(other, _DENY))
    alike = {**_ALLOW, "Condition": {"StringLike": {"aws:PrincipalTag/DatabricksAccountId": "0*"}}}
    yield fails("customers whose ids begin alike", _estate(alike, _DENY))
    yield fails("plain HTTP works", _estate(_ALLOW))
    one = {**_DENY, "Action": "s3:PutObject"}
    yield fails("plain HTTP works for reading", _estate(_ALLOW, one))
    yield fails("and for listing", _estate(_ALLOW, {**_DENY, "Resource": _BOTH[0]}))
    yield fails("one statement that is no list", _estate(text=json.dumps({"Statement": bare})))
    yield fails("no policy at all", _bucket([{"bucket": "b"}]))
    yield unclear("the policy cannot be parsed", _estate(text="{"))
    yield unclear("the policy may not be read", _bucket(refused()))
    document = json.dumps({"Statement": [_ALLOW, _DENY]})
    held = [{"bucket": "b", "Policy": document}]
    yield unclear("whose accounts there are was not read", _bucket(held, credentials=refused()))
    later = refused(Cause.UNPLANNED)
    yield passes("a plan without roles lets nobody else in", _bucket(held, credentials=later))
    named = [{"bucket": "b", "Policy": json.dumps({"Statement": [_ALLOW, partner, _DENY]})}]
    yield unclear("a plan without roles lets somebody in", _bucket(named, credentials=later))
    yield unclear("no account is known", _bucket(held, credentials=[]))
    yield exempt("not a root bucket", _estate(_ALLOW, root=False))
