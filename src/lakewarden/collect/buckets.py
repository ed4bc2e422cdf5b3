"""S3: the buckets that the deployment uses, one call a bucket and question.

Codes such as NoSuchBucketPolicy are answers, not failures: they say that nothing is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call, one_each
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import STORAGE_CONFIGURATIONS
from lakewarden.estate.aws import (
    BUCKET_ENCRYPTION,
    BUCKET_LIFECYCLE,
    BUCKET_LOCK,
    BUCKET_POLICY,
    BUCKET_PUBLIC_ACCESS,
    BUCKET_VERSIONING,
)
from lakewarden.estate.fact import Cause
from lakewarden.estate.kind import Kind
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, bucket_of

_UNSET: Final[dict[str, Mapping[str, Any]]] = {
    "ServerSideEncryptionConfigurationNotFoundError": {"algorithm": None},
    "NoSuchBucketPolicy": {"Policy": None},
    "NoSuchLifecycleConfiguration": {"Rules": []},
    "ObjectLockConfigurationNotFoundError": {"enabled": False},
    "NoSuchPublicAccessBlockConfiguration": {
        "BlockPublicAcls": False,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    },
}


def _encryption(client: Any, bucket: str) -> Mapping[str, Any]:
    answer = call(client.get_bucket_encryption, Bucket=bucket)
    try:
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
        default = rule["ApplyServerSideEncryptionByDefault"]
        return {"algorithm": default["SSEAlgorithm"], "key": default.get("KMSMasterKeyID")}
    except (KeyError, IndexError) as error:
        raise CallFailedError(Cause.MISSING_FIELD, f"no {error} in the answer") from None


def _versioning(client: Any, bucket: str) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = call(client.get_bucket_versioning, Bucket=bucket)
    return answer


def _public_access(client: Any, bucket: str) -> Mapping[str, Any]:
    answer = call(client.get_public_access_block, Bucket=bucket)
    found: Mapping[str, Any] = answer.get("PublicAccessBlockConfiguration", {})
    return found


def _policy(client: Any, bucket: str) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = call(client.get_bucket_policy, Bucket=bucket)
    if "Policy" not in answer:
        raise CallFailedError(Cause.MISSING_FIELD, "no Policy in the answer")
    return answer


def _lifecycle(client: Any, bucket: str) -> Mapping[str, Any]:
    answer = call(client.get_bucket_lifecycle_configuration, Bucket=bucket)
    if "Rules" not in answer:
        raise CallFailedError(Cause.MISSING_FIELD, "no Rules in the answer")
    return {"Rules": [_rule(rule) for rule in answer["Rules"]]}


def _rule(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    expiration = rule.get("Expiration") or {}
    date = expiration.get("Date")
    return {
        "status": rule.get("Status"),
        "days": expiration.get("Days"),
        "date": date and str(date),
        "noncurrent_days": (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays"),
    }


def _lock(client: Any, bucket: str) -> Mapping[str, Any]:
    answer = call(client.get_object_lock_configuration, Bucket=bucket)
    found = answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled")
    if found is None:
        raise CallFailedError(Cause.MISSING_FIELD, "no ObjectLockEnabled in the answer")
    return {"enabled": found == "Enabled"}


_QUESTIONS: Final[dict[Kind[Any], Callable[[Any, str], Mapping[str, Any]]]] = {
    BUCKET_ENCRYPTION: _encryption,
    BUCKET_VERSIONING: _versioning,
    BUCKET_PUBLIC_ACCESS: _public_access,
    BUCKET_POLICY: _policy,
    BUCKET_LIFECYCLE: _lifecycle,
    BUCKET_LOCK: _lock,
}


@collects(*_QUESTIONS)
def buckets(task: Task) -> Iterator[Any]:
    """Ask one question of every bucket."""
    question = _QUESTIONS[task.kind]
    client = task.cloud.client("s3", "us-east-1")

    def ask(bucket: str) -> Mapping[str, Any]:
        try:
            return {**question(client, bucket), "bucket": bucket}
        except CallFailedError as error:
            if error.code not in _UNSET:
                raise
            return {**_UNSET[error.code], "bucket": bucket}

    yield from one_each(task, "name", _names(task), ask)


def _names(task: Task) -> set[str]:
    """Return the buckets that are known; whether these are all is for judging to decide."""
    found = {
        storage.bucket.get()
        for storage in task.before(STORAGE_CONFIGURATIONS).seen()
        if storage.bucket.gap is None
    }
    for header in task.so_far.headers():
        if header.kind == EXTERNAL_LOCATIONS.name:
            for location in task.so_far.collection(EXTERNAL_LOCATIONS, header.scope).seen():
                if location.url.gap is None and bucket_of(location.url.get()):
                    found.add(bucket_of(location.url.get()))
    return found
