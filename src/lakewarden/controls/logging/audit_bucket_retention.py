"""Break-ins are found months after they happened. A lifecycle rule that empties the bucket of the
audit log earlier, or a new one that an intruder slips in, removes the only account of what was
taken, and does it in the bucket owner's own name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakewarden.controls.kit.bucket_mending import expiring_later
from lakewarden.controls.kit.condition import Condition, Judgement, observe
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
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.account import LOG_DELIVERIES, STORAGE_CONFIGURATIONS
from lakewarden.estate.buckets import BUCKET_LIFECYCLE, LifecycleRule
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import Bucket
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="audit-bucket-retention",
    title="No lifecycle rule deletes the audit log before its time",
    paper=("P08",),
    severity=Severity.MEDIUM,
    postures=BOTH,
    subject=BUCKET,
    needs=(BUCKET_LIFECYCLE.need(), LOG_DELIVERIES.need(), STORAGE_CONFIGURATIONS.need()),
    fix=Fix(
        "Raise the expiration of every lifecycle rule of the bucket to the time that the log must "
        "be kept, or move older objects to a cheaper storage class instead of deleting them.",
        console="S3, the bucket, Management, Lifecycle rules.",
        api="s3 PutBucketLifecycleConfiguration with Expiration Days of at least the limit, or "
        "with Transitions instead.",
        terraform="aws_s3_bucket_lifecycle_configuration with expiration days of at least the "
        "limit, or with transition instead.",
        breaks="Nothing stops working; storage of older logs is charged for.",
    ),
    limits=("retention_days",),
    maps=also(
        "keeps the audit log for as long as an investigation may look back",
        Relation.SUBSET,
        nist="AU-11 SI-12",
        soc2="CC7.3",
        pci="10.5.1",
        hipaa="164.312(b)",
        iso="A.5.28 A.5.33 A.8.15",
        ccm="LOG-02 DSP-16",
        attack="T1485",
    ),
)


@CONTROL.check
def check(bucket: Bucket, at: Context) -> Judgement:
    """No rule in force deletes current objects too early or on a fixed date."""
    return of_the_log(bucket, lambda: _retained(bucket, at))


def _retained(bucket: Bucket, at: Context) -> Condition:
    least = at.policy.limits.retention_days
    rules = at.estate.need(BUCKET_LIFECYCLE, bucket.name).rules
    early = [
        f"on {rule.date}" if rule.date else f"after {rule.days} days"
        for rule in rules.get()
        if _is_early(rule, least)
    ]
    evidence = Evidence(rules.source, "Expiration", early, f"none before {least} days")
    return observe(not early, evidence, otherwise=f"the log is deleted {', '.join(early)}")


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Let the rules that delete too early wait for as long as the log is kept."""
    least = at.policy.limits.retention_days
    for rule in at.estate.need(BUCKET_LIFECYCLE, bucket.name).rules.get():
        if not _is_early(rule, least):
            continue
        if not rule.id:
            raise CannotPlanError("a rule without an id deletes the log: change it by hand")
        yield expiring_later(bucket.name, rule, least)


def _is_early(rule: LifecycleRule, least: int) -> bool:
    return rule.enabled and (bool(rule.date) or 0 < rule.days < least)


def _rules(*rules: dict[str, Any], **changes: Items) -> MemorySnapshot:
    entries = [{"enabled": True, "whole": True, "id": "tidy", **rule} for rule in rules]
    kinds: dict[str, Any] = {
        "external_locations": [],
        "log_deliveries": [
            {"config_id": "d", "log_type": "AUDIT_LOGS", "storage_configuration_id": "s"}
        ],
        "storage_configurations": [
            {"storage_configuration_id": "s", "root_bucket_info": {"bucket_name": "logs"}}
        ],
        "bucket_lifecycle": [{"bucket": "logs", "rules": entries}],
    }
    return given(**{**kinds, **changes})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show both sides of the limit, and what is exempt or not known."""
    yield passes("no rules", _rules())
    yield passes("old versions alone expire", _rules({"noncurrent_days": 30}))
    yield passes("exactly a year", _rules({"days": 365}))
    yield fails("a day less than a year", _rules({"days": 364}))
    yield fails("one early rule among late ones", _rules({"days": 3650}, {"days": 30}))
    yield fails("a part of the bucket alone", _rules({"days": 30, "whole": False}))
    yield passes("a rule that is switched off", _rules({"days": 30, "enabled": False}))
    yield fails("on a date", _rules({"date": "2026-02-01"}))
    yield passes("a shorter limit", _rules({"days": 90}), Policy(thresholds={"retention_days": 90}))
    yield unclear("rules may not be read", _rules(bucket_lifecycle=refused()))
    yield unclear("deliveries may not be listed", _rules(log_deliveries=refused()))
    usage: Items = []
    yield exempt("no log is delivered", _rules(log_deliveries=usage))
