"""Versions bring back what was deleted, and they keep what should be gone: rows that a customer had
erased, and keys that somebody wrote to a file by mistake. A rule that deletes replaced versions
after some weeks leaves time to notice an accident, and bounds both the exposure and the bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.bucket_examples import BUCKET_NEEDS, data_bucket, root_bucket
from lakewarden.controls.kit.bucket_mending import setting
from lakewarden.controls.kit.condition import Judgement, NotApplicable, expect
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
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.aws import BUCKET_VERSIONING
from lakewarden.estate.buckets import BUCKET_LIFECYCLE
from lakewarden.estate.given import refused
from lakewarden.estate.storage import Bucket, Purpose
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="bucket-versions-expire",
    title="Old versions in data buckets are deleted after a while",
    paper=("P16",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=BUCKET,
    needs=(*BUCKET_NEEDS, BUCKET_VERSIONING.need(), BUCKET_LIFECYCLE.need()),
    fix=Fix(
        "Add a lifecycle rule for the whole bucket that deletes noncurrent versions after as many "
        "days as you need to notice an accident.",
        console="S3, the bucket, Management, Lifecycle rules: permanently delete noncurrent "
        "versions of objects.",
        api="s3:PutBucketLifecycleConfiguration with NoncurrentVersionExpiration in a rule whose "
        "prefix is empty.",
        terraform="aws_s3_bucket_lifecycle_configuration with noncurrent_version_expiration.",
        breaks="Versions older than the rule cannot be brought back any more.",
    ),
    maps=(
        *also(
            "removes what was deleted or replaced once the time to recover it is over",
            Relation.SUBSET,
            nist="SI-12 SI-12(3)",
            soc2="C1.2",
            pci="3.2.1",
            iso="A.8.10",
            ccm="DSP-02 DSP-16",
        ),
        *also(
            "limits how long erased rows and stray secrets can still be read",
            iso="A.5.34",
            attack="T1530 T1552.001",
        ),
    ),
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """A rule in force covers the whole bucket; suspending versioning leaves old versions behind."""
    if bucket.is_root or not bucket.serves(Purpose.DATA):
        return NotApplicable("no external location keeps data in this bucket alone")
    status = at.estate.need(BUCKET_VERSIONING, bucket.name).status
    if status.get() is None:
        evidence = Evidence(status.source, status.field, None, "Enabled")
        return NotApplicable("the bucket never kept versions", (evidence,))
    return expect(
        at.estate.need(BUCKET_LIFECYCLE, bucket.name).rules,
        lambda rules: any(r.enabled and r.whole and r.noncurrent_days > 0 for r in rules),
        expected="an enabled rule for the whole bucket with NoncurrentVersionExpiration",
        otherwise="versions that were replaced or deleted are kept for ever",
    )


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Let replaced versions expire after the time that the policy file names."""
    days = at.policy.version_days
    if not days:
        reason = "nobody said how long replaced versions are needed: say it in lakewarden.toml"
        raise CannotPlanError(f"{reason} under aws.version_days")
    rule = {
        "ID": _NAME,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
    }
    now = at.estate.need(BUCKET_LIFECYCLE, bucket.name).rules.get()
    if any(rule.id == _NAME for rule in now):
        raise CannotPlanError(f"somebody changed the rule {_NAME} of the bucket: take it away")
    lost = f"versions that were replaced more than {days} days ago are deleted within days"
    place = f"/Rules/[ID={_NAME}]"
    yield setting("bucket_lifecycle", bucket.name, place, None, rule, irreversible=lost)


_NAME: Final = "lakewarden-replaced-versions"
_RULE: Final[dict[str, Any]] = {"enabled": True, "whole": True, "noncurrent_days": 30}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""

    def estate(*rules: dict[str, Any], status: str | None = "Enabled") -> Any:
        return data_bucket(
            bucket_versioning=[{"bucket": "b", "Status": status}],
            bucket_lifecycle=[{"bucket": "b", "rules": list(rules)}],
        )

    yield passes("after 30 days", estate(_RULE))
    yield passes("after a day", estate({**_RULE, "noncurrent_days": 1}))
    yield fails("no rule", estate(), Policy(version_days=30))
    yield fails("a rule that is off", estate({**_RULE, "enabled": False}))
    yield fails("a rule for one folder", estate({**_RULE, "whole": False}))
    yield fails("a rule about something else", estate({**_RULE, "noncurrent_days": 0}))
    yield fails("versions of before a suspension", estate(status="Suspended"))
    yield exempt("it never kept versions", estate(status=None))
    on = [{"bucket": "b", "Status": "Enabled"}]
    unread = data_bucket(bucket_versioning=on, bucket_lifecycle=refused())
    yield unclear("the rules may not be read", unread)
    unread = data_bucket(bucket_versioning=refused(), bucket_lifecycle=[])
    yield unclear("versioning may not be read", unread)
    yield exempt("a root bucket", root_bucket(bucket_versioning=on, bucket_lifecycle=[]))
