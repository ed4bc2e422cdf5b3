"""An intruder's last step is to remove the record of all the others. Where the bucket of the audit
log keeps versions or locks its objects, deleting them leaves them there; where only the delivery
role is named in its policy, most intruders cannot even try.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.bucket_mending import (
    PLANS_WITH,
    bucket_policy,
    encrypted,
    over_tls,
    partition_of,
    versioned,
)
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    expect,
    holds,
    observe,
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
from lakewarden.controls.kit.log_buckets import of_the_log
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import Statements
from lakewarden.controls.kit.principals import narrowed_to, principals_of
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.account import CREDENTIALS, LOG_DELIVERIES, STORAGE_CONFIGURATIONS
from lakewarden.estate.aws import BUCKET_ENCRYPTION, BUCKET_POLICY, BUCKET_VERSIONING
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import Bucket
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.semantics.iam_documents import statements

CONTROL = Control(
    id="audit-bucket-protected",
    title="The bucket of the audit log keeps what is deleted and is for the delivery role alone",
    paper=("P08",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=BUCKET,
    needs=(
        BUCKET_VERSIONING.need(),
        BUCKET_ENCRYPTION.need(),
        BUCKET_POLICY.need(),
        LOG_DELIVERIES.need(),
        CREDENTIALS.need(),
        STORAGE_CONFIGURATIONS.need(),
    ),
    fix=Fix(
        "Switch on versioning or an object lock and default encryption, and let the bucket's "
        "policy allow nothing to anybody but the log delivery role.",
        console="S3, the bucket: Properties for versioning, object lock and encryption; "
        "Permissions for the policy.",
        api="s3 PutBucketVersioning {Status: Enabled} or PutObjectLockConfiguration, "
        "PutBucketEncryption, PutBucketPolicy.",
        terraform="aws_s3_bucket_versioning, aws_s3_bucket_object_lock_configuration, "
        "aws_s3_bucket_server_side_encryption_configuration and aws_s3_bucket_policy.",
        breaks="Readers of the log whose access came from the bucket's policy need it from their "
        "own; kept versions are charged for.",
    ),
    maps=also(
        "keeps the audit log from being read, changed or deleted by other hands",
        Relation.SUBSET,
        nist="AU-9 AU-9(3) AU-9(4) AC-6",
        soc2="CC6.1",
        pci="10.3.1 10.3.2",
        hipaa="164.312(b) 164.312(c)(1)",
        iso="A.5.33 A.8.15",
        ccm="LOG-02 LOG-04 LOG-09 IAM-12",
        attack="T1485",
    ),
    plans_with=PLANS_WITH,
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """Deleted objects are kept, new ones are encrypted, and nobody else is allowed in."""
    return of_the_log(bucket, lambda: _protected(bucket, at))


def _protected(bucket: Bucket, at: Context) -> Condition:
    encryption = at.estate.need(BUCKET_ENCRYPTION, bucket.name)
    return all_of(
        lambda: _kept(bucket.name, at),
        expect(
            encryption.algorithm,
            lambda algorithm: algorithm is not None,
            expected="default encryption",
            otherwise=f"bucket {bucket.name} does not encrypt the log",
        ),
        lambda: _closed(bucket.name, at),
    )


def _kept(name: str, at: Context) -> Condition:
    """Require versions; S3 locks no objects without keeping versions of them."""
    return expect(
        at.estate.need(BUCKET_VERSIONING, name).status,
        lambda status: status == "Enabled",
        expected="Enabled",
        otherwise=f"bucket {name} keeps no versions",
    )


def _closed(name: str, at: Context) -> Condition:
    fact = at.estate.need(BUCKET_POLICY, name).document
    document = fact.get()
    if document is None:
        return holds(Evidence(fact.source, fact.field, None, "no policy, or the delivery role's"))
    grants = [statement for statement in statements(document, BUCKET_POLICY) if statement.allows]
    roles = _delivery_roles(at) if grants else set()
    strangers = {who for grant in grants for _, who in grant.principals if who not in roles}
    strangers |= {"everybody but some" for grant in grants if not grant.principals}
    evidence = Evidence(fact.source, "Principal", sorted(strangers), "the delivery role alone")
    shown = ", ".join("everybody" if who == "*" else who for who in sorted(strangers))
    return observe(not strangers, evidence, otherwise=f"the policy of {name} lets in {shown}")


def _delivery_roles(at: Context) -> set[str]:
    """Return the roles that deliver logs.

    Raises:
        UnreadError: some may be missing.
    """
    deliveries = at.estate.of(LOG_DELIVERIES).each()
    credentials = [at.estate.need(CREDENTIALS, d.credentials_id.get()) for d in deliveries]
    return {credential.role_arn.get() for credential in credentials}


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Keep versions, encrypt, and let nobody in by the policy but the delivery role."""
    if _kept(bucket.name, at).met is False:
        yield versioned(bucket.name, at)
    if at.estate.need(BUCKET_ENCRYPTION, bucket.name).algorithm.get() is None:
        yield encrypted(bucket.name, at)
    if _closed(bucket.name, at).met is False:
        roles = _delivery_roles(at)
        secured = over_tls(bucket.name, partition_of(at))

        def edit(found: Statements) -> Statements:
            left = [entry for entry in found if entry.get("Effect") == "Deny"]
            for entry in (entry for entry in found if entry not in left):
                kept = narrowed_to(entry, (w for w in principals_of(entry) if w[1] in roles))
                left += [kept] if kept else []
            return left or secured(left)

        yield bucket_policy(bucket, at, edit)


_ARN: Final = "arn:aws:iam::123456789012:role/logs"


def _estate(**changes: Items) -> MemorySnapshot:
    delivery = {
        "config_id": "d",
        "log_type": "AUDIT_LOGS",
        "credentials_id": "c",
        "storage_configuration_id": "s",
    }
    kinds: dict[str, Any] = {
        "external_locations": [],
        "log_deliveries": [delivery],
        "credentials": [
            {"credentials_id": "c", "aws_credentials": {"sts_role": {"role_arn": _ARN}}}
        ],
        "storage_configurations": [
            {"storage_configuration_id": "s", "root_bucket_info": {"bucket_name": "logs"}}
        ],
        "bucket_versioning": [{"bucket": "logs", "Status": "Enabled"}],
        "bucket_encryption": [{"bucket": "logs", "algorithm": "AES256"}],
        "bucket_policy": _policy({"AWS": _ARN}),
    }
    return given(**{**kinds, **changes})


def _policy(principal: Any) -> Items:
    grant = {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*"}
    return [{"bucket": "logs", "Policy": json.dumps({"Statement": [grant]})}]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    unversioned: list[dict[str, Any]] = [{"bucket": "logs", "Status": "Suspended"}]
    bare: list[dict[str, Any]] = [{"bucket": "logs", "algorithm": None}]
    both = _policy({"AWS": [_ARN, "arn:aws:iam::123456789012:role/analyst"]})
    yield passes("versions, encryption, one role", _estate())
    yield passes("no policy", _estate(bucket_policy=[{"bucket": "logs", "Policy": None}]))
    yield fails("no versions", _estate(bucket_versioning=unversioned))
    yield fails("no encryption", _estate(bucket_encryption=bare))
    yield fails("another role", _estate(bucket_policy=both))
    yield fails("everybody", _estate(bucket_policy=_policy("*")))
    yield fails(
        "open, whatever else is unknown",
        _estate(bucket_policy=_policy("*"), bucket_versioning=refused()),
    )
    yield unclear("versions may not be read", _estate(bucket_versioning=refused()))
    yield unclear("encryption may not be read", _estate(bucket_encryption=refused()))
    yield unclear("the policy may not be read", _estate(bucket_policy=refused()))
    yield unclear("the delivery role is not known", _estate(credentials=[]))
    yield unclear("deliveries may not be listed", _estate(log_deliveries=refused()))
    usage: Items = []
    yield exempt("no log is delivered", _estate(log_deliveries=usage))
