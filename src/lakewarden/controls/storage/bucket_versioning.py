"""A mistaken or malicious delete in a data bucket is final, unless versions are kept. The root
bucket of a workspace is different: the platform rewrites its files all the time, and versioning
there keeps deleted data for ever, slows listing and multiplies the bill.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.controls.kit.bucket_mending import versioned
from lakewarden.controls.kit.condition import Judgement, expect
from lakewarden.controls.kit.control import (
    HIGH,
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
from lakewarden.estate.account import LOG_DELIVERIES, STORAGE_CONFIGURATIONS
from lakewarden.estate.aws import BUCKET_VERSIONING
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish

CONTROL = Control(
    id="bucket-versioning",
    title="Data buckets keep versions, and workspace root buckets do not",
    paper=("P16",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=BUCKET,
    needs=(
        STORAGE_CONFIGURATIONS.need(),
        LOG_DELIVERIES.need(),
        EXTERNAL_LOCATIONS.need(),
        BUCKET_VERSIONING.need(),
    ),
    fix=Fix(
        "Enable versioning on data and log buckets, with a lifecycle rule for old versions; "
        "suspend it on workspace root buckets.",
        console="S3, the bucket, Properties, Bucket Versioning: Enable.",
        api="s3:PutBucketVersioning with Status Enabled; Suspended for a root bucket.",
        terraform="aws_s3_bucket_versioning with versioning_configuration { status = ... }.",
        breaks="Nothing stops working, and the bill grows until a lifecycle rule deletes old "
        "versions.",
    ),
    maps=(
        *also(
            "keeps what was deleted or overwritten, by mistake or in malice",
            Relation.SUBSET,
            nist="CP-9 CP-10",
            soc2="CC7.5 A1.2",
            hipaa="164.308(a)(7)(ii)(A) 164.312(c)(1)",
            iso="A.8.13",
            ccm="BCR-08",
        ),
        *also(
            "lets an object come back, a log file too, that somebody destroyed or changed",
            cis_aws="2.1.2",
            soc2="PI1.5",
            pci="10.3.2",
            attack="T1485 T1486",
        ),
    ),
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """What is right depends on what the bucket is for."""
    status = at.estate.need(BUCKET_VERSIONING, bucket.name).status
    if bucket.is_root:
        return expect(
            status,
            lambda value: value != "Enabled",
            expected="not Enabled on a workspace root bucket",
            otherwise="a workspace root bucket keeps versions",
        )
    return expect(
        status,
        lambda value: value == "Enabled",
        expected="Enabled",
        otherwise="deleted objects cannot be brought back",
    )


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Keep versions of data, and no longer of roots; what there is of versions stays."""
    yield versioned(bucket.name, at, "Suspended" if bucket.is_root else "Enabled")


def _estate(purpose: str, versioning: object) -> MemorySnapshot:
    root = {"storage_configuration_id": "s1"} if purpose == "root" else {}
    storage = {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "b"}}
    return given(
        workspace=root,
        storage_configurations=[storage] if root else [],
        log_deliveries=[],
        external_locations=[] if root else [{"name": "lake", "url": "s3://b/lake"}],
        bucket_versioning=versioning,  # type: ignore[arg-type]  # rows or a refusal
    )


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    on = [{"bucket": "b", "Status": "Enabled"}]
    suspended = [{"bucket": "b", "Status": "Suspended"}]
    never = [{"bucket": "b"}]
    yield passes("a data bucket with versions", _estate("data", on))
    yield passes("a root bucket without", _estate("root", never))
    yield fails("a data bucket that stopped keeping versions", _estate("data", suspended))
    yield fails("a root bucket with versions", _estate("root", on))
    yield unclear("versioning may not be read", _estate("data", refused()))
