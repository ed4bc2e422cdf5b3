"""Questions about policies of VPC endpoints: what leaves through them, and what gets through?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lakewarden.proofs.facts.accounts import platform
from lakewarden.proofs.facts.actions import catalogue
from lakewarden.proofs.facts.regions import region
from lakewarden.proofs.policy.frames import FUTURE
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.describe import by
from lakewarden.proofs.questions.given import Argument, ArgumentError, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.semantics.iam_documents import Statement

_CHANGES: Final = frozenset({"Write", "Tagging", "Permissions management"})
_READS: Final = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation")
_STORES: Final = (*_READS, "s3:PutObject", "s3:DeleteObject")
_POLICY: Final = Argument("policy", "the policy of the endpoint for S3", required=True, policy=True)
_ASSUMED: Final = (
    "the request goes through the endpoint",
    "policies of callers and of buckets allow it",
)


def writes() -> tuple[str, ...]:
    """Return every action that changes something in a bucket, and one that AWS may add."""
    known = catalogue().actions("s3").values()
    changing = (a.name for a in known if a.level in _CHANGES and a.resources)
    return (*changing, f"s3:{FUTURE}")


def _writes_only_to(given: Given) -> Answer:
    spared = tuple(arn for name in given.many("buckets") for arn in _arns(given, name))
    claim = Claim(writes(), (that(spared=spared),), (_layer(given),), assumptions=_ASSUMED[:1])
    return answered("vpce.writes_only_to", _ONLY, [claim])


def _layer(given: Given) -> Layer:
    return Layer("endpoint policy", given.documents(), names_callers=True)


def _covers(given: Given) -> Answer:
    """Ask for each bucket that Databricks documents, and for your own."""
    layer = (_layer(given),)
    claims = [
        Claim(actions, (where, *tests), layer, every=True, assumptions=_ASSUMED)
        for actions, where, tests in _needed(given)
    ]
    answer = answered("vpce.covers_required_databricks_buckets", _COVERS, claims)
    missing = _unknown(given)
    if answer.outcome is Outcome.PROVED and missing:
        return replace(answer, outcome=Outcome.UNKNOWN, statements=(), explanation=missing)
    return answer


_Needed = tuple[tuple[str, ...], Statement, tuple[Statement, ...]]


def _needed(given: Given) -> Iterator[_Needed]:
    """Yield actions, buckets and callers; those of Databricks' own buckets are its accounts'.

    Raises:
        ArgumentError: the region or the platform is not known here.
    """
    name = given.one("platform") or "aws"
    vendor, place = platform(name), region(given.one("region"), name)
    if vendor is None or place is None:
        raise ArgumentError(f"region: Databricks is not known to be in {given.one('region')}")
    control, artifacts = vendor.control_plane, vendor.artifacts
    buckets = place.buckets
    of_artifacts = (that(("StringEquals", "aws:ResourceAccount", (artifacts,))),)
    for bucket in given.many("root-bucket"):
        yield _STORES, _bucket(given, bucket), (by(control),)
    for bucket in given.many("data-buckets"):
        own = given.one("account")
        mine = (by(own), that(("StringEquals", "aws:ResourceAccount", (own,))))
        yield _STORES, _bucket(given, bucket), mine
    for bucket in buckets.artifacts:
        yield _READS, _bucket(given, bucket), (by(control), *of_artifacts)
    others: tuple[tuple[str | None, tuple[str, ...], tuple[Statement, ...]], ...] = (
        (buckets.datasets, _READS, (by(artifacts), *of_artifacts)),
        (buckets.system_tables, _READS, (by(control),)),
        (buckets.logs, ("s3:PutObject",), (by(control),)),
    )
    for documented, actions, tests in others:
        if documented is not None:
            yield actions, _bucket(given, documented), tests


def _unknown(given: Given) -> tuple[str, ...]:
    """Return which of Databricks' buckets are not known in the region."""
    place = region(given.one("region"), given.one("platform") or "aws")
    if place is None:
        return ()
    parts = {"datasets": place.buckets.datasets, "system tables": place.buckets.system_tables}
    named = {**parts, "logs": place.buckets.logs, "artifacts": place.buckets.artifacts or None}
    return tuple(
        f"the bucket of Databricks for {part} in {place.name} is not known"
        for part, bucket in named.items()
        if bucket is None
    )


def _arns(given: Given, bucket: str) -> tuple[str, str]:
    arn = f"arn:{given.partition}:s3:::{bucket}"
    return arn, f"{arn}/*"


def _bucket(given: Given, name: str) -> Statement:
    return that(resources=_arns(given, name))


_ONLY: Final = "Nothing is written through the endpoint but to the buckets"
_COVERS: Final = "Databricks reads and writes through the endpoint what it needs in the region"

QUESTIONS: Final = (
    Question(
        "vpce.writes_only_to",
        _ONLY,
        (_POLICY, Argument("buckets", "the buckets that may be written to", required=True)),
        _writes_only_to,
        ("P11", "P12"),
    ),
    Question(
        "vpce.covers_required_databricks_buckets",
        _COVERS,
        (
            _POLICY,
            Argument("region", "the AWS region", required=True),
            Argument("platform", "aws, aws-us-gov or aws-us-gov-dod; aws when left out"),
            Argument("root-bucket", "the root buckets of the workspaces"),
            Argument("data-buckets", "your own buckets"),
            Argument("account", "your AWS account, whose the data buckets are"),
        ),
        _covers,
        ("P11", "P12"),
    ),
)
