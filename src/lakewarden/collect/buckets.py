"""S3: the buckets that the deployment uses, one call a bucket and question.

Codes such as NoSuchBucketPolicy are answers, not failures: they say that nothing is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call, need, one_each
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import STORAGE_CONFIGURATIONS
from lakewarden.estate.aws import (
    BUCKET_ENCRYPTION,
    BUCKET_POLICY,
    BUCKET_PUBLIC_ACCESS,
    BUCKET_VERSIONING,
)
from lakewarden.estate.buckets import (
    ACCOUNT_PUBLIC_ACCESS,
    BUCKET_LIFECYCLE,
    BUCKET_LOCK,
    BUCKET_OWNERSHIP,
)
from lakewarden.estate.fact import Cause
from lakewarden.estate.kind import Kind
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, bucket_of

_SWITCHES: Final = (
    *("BlockPublicAcls", "IgnorePublicAcls"),
    *("BlockPublicPolicy", "RestrictPublicBuckets"),
)
_UNSET: Final[dict[str, Mapping[str, Any]]] = {
    "ServerSideEncryptionConfigurationNotFoundError": {"algorithm": None},
    "NoSuchBucketPolicy": {"Policy": None},
    "NoSuchPublicAccessBlockConfiguration": dict.fromkeys(_SWITCHES, False),
    "OwnershipControlsNotFoundError": {"ObjectOwnership": None},
    "NoSuchLifecycleConfiguration": {"rules": []},
    "ObjectLockConfigurationNotFoundError": {"enabled": False},
}


def _encryption(client: Any, bucket: str) -> Mapping[str, Any]:
    answer = call(client.get_bucket_encryption, Bucket=bucket)
    try:
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
        default = rule["ApplyServerSideEncryptionByDefault"]
        found = {"algorithm": default["SSEAlgorithm"], "key": default.get("KMSMasterKeyID")}
        return {**found, "BucketKeyEnabled": rule.get("BucketKeyEnabled")}
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


def _ownership(client: Any, bucket: str) -> Mapping[str, Any]:
    answer = call(client.get_bucket_ownership_controls, Bucket=bucket)
    try:
        found: Mapping[str, Any] = answer["OwnershipControls"]["Rules"][0]
        return {"ObjectOwnership": found["ObjectOwnership"]}
    except (KeyError, IndexError) as error:
        raise CallFailedError(Cause.MISSING_FIELD, f"no {error} in the answer") from None


def _lifecycle(client: Any, bucket: str) -> Mapping[str, Any]:
    answer = call(client.get_bucket_lifecycle_configuration, Bucket=bucket)
    if "Rules" not in answer:
        raise CallFailedError(Cause.MISSING_FIELD, "no Rules in the answer")
    return {"rules": [_rule(entry) for entry in answer["Rules"]]}


def _rule(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a lifecycle rule does with old versions; both forms of a filter are in use."""
    narrowed = {**entry.get("Filter", {}), "Prefix": entry.get("Prefix", "")}
    narrowed["Prefix"] = entry.get("Filter", {}).get("Prefix", narrowed["Prefix"])
    return {
        "enabled": entry.get("Status") == "Enabled",
        "whole": narrowed == {"Prefix": ""},
        "noncurrent_days": entry.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays", 0),
        "days": entry.get("Expiration", {}).get("Days", 0),
        "date": str(entry.get("Expiration", {}).get("Date", "")),
        "id": entry.get("ID", ""),
    }


def _lock(client: Any, bucket: str) -> Mapping[str, Any]:
    found = need(
        call(client.get_object_lock_configuration, Bucket=bucket), "ObjectLockConfiguration"
    )
    default = found.get("Rule", {}).get("DefaultRetention", {})
    return {
        "enabled": need(found, "ObjectLockEnabled") == "Enabled",
        "mode": default.get("Mode"),
        "days": default.get("Days"),
        "years": default.get("Years"),
    }


_Question = Callable[[Any, str], Mapping[str, Any]]

_QUESTIONS: Final[dict[Kind[Any], _Question]] = {
    BUCKET_ENCRYPTION: _encryption,
    BUCKET_VERSIONING: _versioning,
    BUCKET_PUBLIC_ACCESS: _public_access,
    BUCKET_POLICY: _policy,
    BUCKET_LIFECYCLE: _lifecycle,
    BUCKET_OWNERSHIP: _ownership,
    BUCKET_LOCK: _lock,
}


def public_access(client: Any, bucket: str) -> Mapping[str, Any]:
    """Return the four switches of a bucket, all off where none was ever set.

    Raises:
        CallFailedError: for anything but an answer.
    """
    return _answer(_public_access, client, bucket)


@collects(*_QUESTIONS)
def buckets(task: Task) -> Iterator[Any]:
    """Ask one question of every bucket."""
    question = _QUESTIONS[task.kind]
    client = task.cloud.client("s3", "us-east-1")

    def ask(bucket: str) -> Mapping[str, Any]:
        return {**_answer(question, client, bucket), "bucket": bucket}

    yield from one_each(task, "name", _names(task), ask)


@collects(ACCOUNT_PUBLIC_ACCESS)
def account_public_access(task: Task) -> Iterator[Any]:
    """Read the switches of the caller's AWS account, and which buckets are its own."""
    identity = call(
        task.cloud.client("sts", "us-east-1").get_caller_identity, source="sts:GetCallerIdentity"
    )
    account = str(identity["Account"])
    client = task.cloud.client("s3control", "us-east-1")
    switches = _answer(_account_switches, client, account)
    listed = call(task.cloud.client("s3", "us-east-1").list_buckets, source="s3:ListBuckets")
    buckets = listed.get("Buckets")
    names = None if buckets is None else [bucket["Name"] for bucket in buckets]
    yield task.record({**switches, "AccountId": account, "Buckets": names})


def _account_switches(client: Any, account: str) -> Mapping[str, Any]:
    answer = call(client.get_public_access_block, AccountId=account)
    found: Mapping[str, Any] = answer.get("PublicAccessBlockConfiguration", {})
    return found


def _answer(question: _Question, client: Any, name: str) -> Mapping[str, Any]:
    """Return the answer to a question, where "nothing is set" is one."""
    try:
        return question(client, name)
    except CallFailedError as error:
        if error.code not in _UNSET:
            raise
        return _UNSET[error.code]


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
