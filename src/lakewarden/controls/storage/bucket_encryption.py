"""Whoever gets at the disks, a snapshot or a replica of a bucket reads what is not encrypted. A
default rule encrypts every new object. Where a workspace has a storage key of your own, its root
bucket must use that very key, or revoking the key leaves the data readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lakewarden.controls.kit.bucket_mending import encrypted
from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    expect,
    observe,
    unknown,
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
from lakewarden.controls.kit.subjects import BUCKET, name_of
from lakewarden.estate.account import (
    ENCRYPTION_KEYS,
    LOG_DELIVERIES,
    STORAGE_CONFIGURATIONS,
    WORKSPACES,
    Workspace,
)
from lakewarden.estate.aws import BUCKET_ENCRYPTION, BucketEncryption
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish

CONTROL = Control(
    id="bucket-encryption",
    title="New objects are encrypted, in root buckets with the storage key of the workspace",
    paper=("P24",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=BUCKET,
    needs=(
        STORAGE_CONFIGURATIONS.need(),
        LOG_DELIVERIES.need(),
        EXTERNAL_LOCATIONS.need(),
        ENCRYPTION_KEYS.need(),
        BUCKET_ENCRYPTION.need(),
    ),
    fix=Fix(
        "Set default encryption on the bucket; on a root bucket use aws:kms with the key that is "
        "registered as the storage key of the workspace.",
        console="S3, the bucket, Properties, Default encryption: SSE-KMS with the key's ARN.",
        api="s3:PutBucketEncryption with SSEAlgorithm aws:kms and the key as KMSMasterKeyID.",
        terraform="aws_s3_bucket_server_side_encryption_configuration with sse_algorithm and "
        "kms_master_key_id.",
        breaks="Readers and writers without rights on the key are refused; old objects stay as "
        "they are until they are copied.",
    ),
    maps=(
        *also(
            "leaves disks and snapshots unreadable to whoever lacks the key",
            Relation.SUBSET,
            nist="SC-13 SC-28 SC-28(1)",
            soc2="CC6.1 C1.1",
            pci="3.5.1",
            hipaa="164.312(a)(2)(iv)",
            iso="A.8.24",
            ccm="CEK-03",
        ),
        *also(
            "makes readers of a root bucket need a right on a key that you can revoke",
            nist="SC-12",
            cis_databricks="2.1.8",
            ccm="CEK-08",
            dasf="DASF-8",
            attack="T1530",
        ),
    ),
)

_ALGORITHMS: Final = frozenset({"AES256", "aws:kms", "aws:kms:dsse"})


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """A rule encrypts new objects, with the key of every workspace that has its root here."""
    rule = at.estate.need(BUCKET_ENCRYPTION, bucket.name)
    return all_of(
        expect(
            rule.algorithm,
            lambda value: value in _ALGORITHMS,
            expected="AES256, aws:kms or aws:kms:dsse",
            otherwise="no default rule encrypts new objects",
        ),
        lambda: all_of(*(_keyed(rule, w, at) for w in _tenants(bucket, at))),
    )


def _tenants(bucket: Bucket, at: Context) -> Iterator[Workspace]:
    """Yield the workspaces that have their root in a bucket and a storage key."""
    if not bucket.is_root:
        return
    for workspace in at.estate.of(WORKSPACES).each():
        storage = workspace.storage_id.get()
        if storage is None or workspace.storage_key_id.get() is None:
            continue
        if at.estate.need(STORAGE_CONFIGURATIONS, storage).bucket.get() == bucket.name:
            yield workspace


def _keyed(rule: BucketEncryption, workspace: Workspace, at: Context) -> Condition:
    wanted = at.estate.need(ENCRYPTION_KEYS, workspace.storage_key_id.get()).arn.get()
    key = rule.key_arn.get()
    if key is not None and "alias/" in key:
        detail = f"the rule names {key}, and an alias does not tell which key it stands for"
        return unknown(BUCKET_ENCRYPTION.gap(Cause.NOT_READ, detail), expected=wanted)
    evidence = Evidence(rule.key_arn.source, rule.key_arn.field, key, f"aws:kms with {wanted}")
    mine = key in {wanted, wanted.rsplit("/", 1)[-1]} and rule.algorithm.get() != "AES256"
    otherwise = f"the root of {name_of(workspace)} is not encrypted with its storage key"
    return observe(mine, evidence, otherwise=otherwise)


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Encrypt with the storage key of the workspaces that have their root here, or with S3's."""
    keys = {at.estate.need(ENCRYPTION_KEYS, w.storage_key_id.get()) for w in _tenants(bucket, at)}
    wanted = sorted({key.arn.get() for key in keys})
    if len(wanted) > 1:
        reason = f"workspaces with several storage keys have their root here: {', '.join(wanted)}"
        raise CannotPlanError(f"{reason}; a bucket has one rule, so give each a bucket of its own")
    yield encrypted(bucket.name, at, *wanted)


_ARN: Final = "arn:aws:kms:us-east-1:111122223333:key/0b7e"


def _data(answers: Any) -> MemorySnapshot:
    return given(
        storage_configurations=[],
        log_deliveries=[],
        external_locations=[{"name": "lake", "url": "s3://b/lake"}],
        bucket_encryption=answers,
    )


def _root(rule: dict[str, Any], key_id: str | None = "k1") -> MemorySnapshot:
    storage = {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "b"}}
    key = {"customer_managed_key_id": "k1", "aws_key_info": {"key_arn": _ARN}}
    return given(
        workspace={
            "storage_configuration_id": "s1",
            "storage_customer_managed_key_id": key_id,
        },
        storage_configurations=[storage],
        log_deliveries=[],
        external_locations=[],
        encryption_keys=[key],
        bucket_encryption=[{"bucket": "b", **rule}],
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    yield passes(
        "a data bucket with S3's own keys", _data([{"bucket": "b", "algorithm": "AES256"}])
    )
    yield fails("no rule", _data([{"bucket": "b"}]))
    yield passes("a root bucket with the storage key", _root({"algorithm": "aws:kms", "key": _ARN}))
    yield passes("the key by its id", _root({"algorithm": "aws:kms", "key": "0b7e"}))
    yield passes("no storage key is wanted", _root({"algorithm": "AES256"}, key_id=None))
    yield fails("a root bucket with S3's own keys", _root({"algorithm": "AES256"}))
    other = {"algorithm": "aws:kms", "key": f"{_ARN}x"}
    yield fails("a root bucket with another key", _root(other))
    yield fails("the default KMS key of the account", _root({"algorithm": "aws:kms"}))
    alias = {"algorithm": "aws:kms", "key": "alias/lake"}
    yield unclear("an alias may be any key", _root(alias))
    yield unclear("the storage key is not known", _root(other, key_id="k2"))
    yield unclear("encryption may not be read", _data(refused()))
