"""Whoever has done harm removes the record of it. Versions alone do not keep them from it: who may
delete versions, let them expire, or rewrite the bucket's policy removes the log after all. So every
request that takes a version away, or opens a way to do so, is considered at once, and it has to be
a guardian's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.bucket_examples import BUCKET_NEEDS
from lakewarden.controls.kit.bucket_mending import (
    PLANS_WITH,
    bucket_policy,
    partition_of,
    versioned,
)
from lakewarden.controls.kit.condition import Condition, Judgement, all_of, any_of, expect, observe
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
from lakewarden.controls.kit.log_buckets import of_the_log
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.policy_wishes import put
from lakewarden.controls.kit.proved import asked, document_of
from lakewarden.controls.kit.subjects import BUCKET
from lakewarden.estate.aws import BUCKET_POLICY, BUCKET_VERSIONING
from lakewarden.estate.buckets import BUCKET_LOCK
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.storage import Bucket
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.policies.fence import immutable
from lakewarden.semantics.iam_documents import Document

CONTROL = Control(
    id="log-immutable",
    title="Nobody but your guardians can take back what the audit log says",
    paper=("P08",),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=BUCKET,
    needs=(
        *BUCKET_NEEDS,
        BUCKET_POLICY.need(),
        BUCKET_VERSIONING.need(),
        BUCKET_LOCK.need(),
    ),
    limits=("retention_days",),
    fix=Fix(
        "Refuse everybody but the guardians that lakewarden.toml names under aws.guardians, in one "
        "Deny, to delete versions or the bucket, to bypass or change locks, and to change policy, "
        "versioning and lifecycle; or lock all objects in compliance mode for the time that the "
        "log is kept, and refuse changes of lock and policy alone.",
        console="S3, the log bucket: Permissions for the policy; Properties for Object Lock.",
        api="s3 PutBucketPolicy; lakewarden prove log.immutable shows beforehand what it leaves.",
        terraform="aws_s3_bucket_policy, aws_s3_bucket_object_lock_configuration.",
        breaks="Whoever tidied the bucket or managed its settings no longer can, Terraform "
        "included, unless it runs as a guardian.",
    ),
    maps=also(
        "shows by proof that the audit log cannot be changed or deleted by other hands",
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
    """Versions are kept, and no other caller removes one, for now or by a lock."""
    return of_the_log(bucket, lambda: _immutable(bucket.name, at))


def _immutable(name: str, at: Context) -> Condition:
    text = at.estate.need(BUCKET_POLICY, name).document.get()
    policy = document_of(text, BUCKET_POLICY)
    versions = expect(
        at.estate.need(BUCKET_VERSIONING, name).status,
        lambda status: status == "Enabled",
        expected="Enabled",
        otherwise=f"bucket {name} keeps no versions",
    )
    return all_of(
        versions,
        any_of(
            lambda: _asked(name, policy, at),
            lambda: all_of(_locked(name, at), _asked(name, policy, at, "compliance")),
        ),
    )


def _asked(name: str, policy: Document, at: Context, *lock: str) -> Condition:
    words = {"bucket": (name,), "principals": at.policy.guardians, "lock": lock}
    return asked("log.immutable", BUCKET_POLICY, {"policy": (policy,)}, words)


def _locked(name: str, at: Context) -> Condition:
    """Require that new objects are locked for as long as the log is kept, against everybody."""
    least, lock = at.policy.limits.retention_days, at.estate.need(BUCKET_LOCK, name)
    mode = lock.mode.get() if lock.enabled.get() else None
    days = (lock.days.get() or 0) + 365 * (lock.years.get() or 0)
    shown = f"{mode or 'no mode'} for {days} days"
    evidence = Evidence(BUCKET_LOCK.source, "mode", shown, f"COMPLIANCE for {least} days")
    met = mode == "COMPLIANCE" and days >= least
    return observe(met, evidence, otherwise=f"the default lock is {shown}")


@CONTROL.mends
def mend(bucket: Bucket, at: Context) -> Iterable[Wish]:
    """Keep versions, and refuse everybody but the guardians what takes one away.

    A lock would do it as well, and nobody could ever take it back.
    """
    if not at.policy.guardians:
        reason = "somebody must be able to change the bucket's policy again: say who in"
        raise CannotPlanError(f"{reason} lakewarden.toml under aws.guardians")
    if at.estate.need(BUCKET_VERSIONING, bucket.name).status.get() != "Enabled":
        yield versioned(bucket.name, at)
    made = immutable(bucket.name, (), at.policy.guardians, partition_of(at))
    guard = made["Statement"][0]
    yield bucket_policy(bucket, at, lambda found: put(found, guard))


_BOTH: Final = ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]
_GUARDIAN: Final = "arn:aws:iam::111122223333:role/guardian"
_UNDOING: Final = [
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:DeleteObjectVersion",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
]
_SPARED: Final = {"ArnNotEquals": {"aws:PrincipalArn": _GUARDIAN}}
_GUARD: Final[dict[str, Any]] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": _UNDOING,
    "Resource": _BOTH,
    "Condition": _SPARED,
}


def _logs(*statements: dict[str, Any], **kinds: Any) -> MemorySnapshot:
    """Return an estate whose audit log is delivered to a bucket with a policy."""
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    delivery = {"config_id": "d", "log_type": "AUDIT_LOGS", "storage_configuration_id": "s"}
    storage = {"storage_configuration_id": "s", "root_bucket_info": {"bucket_name": "logs"}}
    usual: dict[str, Any] = {
        "external_locations": [],
        "log_deliveries": [delivery],
        "storage_configurations": [storage],
        "bucket_policy": [{"bucket": "logs", "Policy": document}],
        "bucket_versioning": [{"bucket": "logs", "Status": "Enabled"}],
        "bucket_lock": [{"bucket": "logs", "enabled": False}],
    }
    return given(**{**usual, **kinds})


def _lock(mode: str, **long: int) -> list[dict[str, Any]]:
    return [{"bucket": "logs", "enabled": True, "mode": mode, **long}]


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    guarded = Policy(guardians=(_GUARDIAN,))
    nobody = {key: value for key, value in _GUARD.items() if key != "Condition"}
    yield passes("one Deny that spares the guardian", _logs(_GUARD), guarded)
    yield passes("one Deny that spares nobody", _logs(nobody))
    yield fails("it spares somebody whom nobody named", _logs(_GUARD))
    yield fails("nobody is refused", _logs(), guarded)
    yield fails("there is no policy", _logs(bucket_policy=[{"bucket": "logs"}]), guarded)
    for action in ("s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration", "s3:PutBucketPolicy"):
        rest = [each for each in _UNDOING if each != action]
        yield fails(f"{action} was forgotten", _logs({**_GUARD, "Action": rest}), guarded)
    roles = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}
    yield fails("every role is spared", _logs({**_GUARD, "Condition": roles}), guarded)
    yield fails("the bucket was forgotten", _logs({**_GUARD, "Resource": _BOTH[1]}), guarded)
    off = [{"bucket": "logs", "Status": "Suspended"}]
    yield fails("no versions are kept", _logs(_GUARD, bucket_versioning=off), guarded)
    few = {
        **_GUARD,
        "Action": [action for action in _UNDOING if "Policy" in action or "Lock" in action],
    }
    locked = _lock("COMPLIANCE", years=1)
    yield passes("a lock that nobody opens", _logs(few, bucket_lock=locked), guarded)
    yield fails("a lock that anybody can take away", _logs(bucket_lock=locked), guarded)
    soft = _lock("GOVERNANCE", years=1)
    yield fails("a lock that a right opens", _logs(few, bucket_lock=soft), guarded)
    brief = _lock("COMPLIANCE", days=30)
    yield fails("a lock for a month", _logs(few, bucket_lock=brief), guarded)
    month = Policy(guardians=(_GUARDIAN,), thresholds={"retention_days": 30})
    yield passes("and a month is enough", _logs(few, bucket_lock=brief), month)
    yield fails("locks are possible, and none is set", _logs(few, bucket_lock=_lock("")), guarded)
    yield passes("no lock is needed", _logs(_GUARD, bucket_lock=refused()), guarded)
    yield unclear("there may be a lock", _logs(few, bucket_lock=refused()), guarded)
    yield unclear("a guardian that is no caller", _logs(_GUARD), Policy(guardians=("guardian",)))
    yield unclear("the policy may not be read", _logs(bucket_policy=refused()), guarded)
    yield unclear("versioning may not be read", _logs(_GUARD, bucket_versioning=refused()), guarded)
    yield unclear("deliveries may not be listed", _logs(_GUARD, log_deliveries=refused()), guarded)
    yield exempt("no log is delivered", _logs(log_deliveries=[]))
