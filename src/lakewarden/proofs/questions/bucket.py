"""Questions about buckets: who reads and writes them from where, and does Databricks still work?"""

from __future__ import annotations

from typing import Final

from lakewarden.proofs.facts.effects import READS, WRITES
from lakewarden.proofs.policy.scene import ANYONE, Claim, Layer, that
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.describe import (
    by,
    coming_from,
    not_by,
    organisation,
    organisation_notes,
    outside,
)
from lakewarden.proofs.questions.given import Argument, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.semantics.iam_documents import Statement

_LOCK: Final = ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy")

POLICY: Final = Argument("policy", "the bucket's policy", required=True, policy=True)
BUCKET: Final = Argument("bucket", "the bucket's name", required=True)
NETWORKS: Final = Argument(
    "networks",
    "where requests may come from: address ranges, VPCs, VPC endpoints, paths of organisations, "
    "aws-services for what AWS services do",
)
PRINCIPALS: Final = Argument(
    "principals", "who is exempt: accounts, ARNs, services, or aws-services"
)
ACCOUNT: Final = Argument("account", "the AWS account that the bucket belongs to")
ORGANISATION: Final = (
    Argument("scp", "service control policies of the account, taken together", policy=True),
    Argument("rcp", "resource control policies of the account", policy=True),
)


def inside(given: Given) -> Statement:
    """Return the description of requests for the bucket and its objects."""
    arn = f"arn:{given.partition}:s3:::{given.one('bucket')}"
    return that(resources=(arn, f"{arn}/*"))


def layers_of(given: Given) -> tuple[Layer, ...]:
    """Return what decides on a request for a bucket."""
    account = given.one("account")
    policy = Layer(
        "bucket policy",
        given.documents(),
        names_callers=True,
        trusted=frozenset({account or ANYONE}),
    )
    return (policy, *organisation(given, account))


def assumed(given: Given) -> tuple[str, ...]:
    """Return what answers about a bucket rest on beside its policy."""
    account = given.one("account")
    own = (
        f"callers of account {account} are taken to be allowed by policies of their own"
        if account
        else "whose bucket it is was not said: every caller is taken to be allowed by policies of "
        "its own"
    )
    others = "policies of other accounts are taken to allow everything to their callers"
    acls = "access control lists are off (BucketOwnerEnforced)"
    rules = "nobody from elsewhere replaces the bucket's policy; who may, can lift what it says"
    return own, others, acls, rules, *organisation_notes(given)


def _confined(actions: tuple[str, ...], given: Given) -> Claim:
    where = (
        inside(given),
        *outside(given.many("networks")),
        *not_by(given.many("principals")),
    )
    return Claim(actions, where, layers_of(given), assumptions=assumed(given))


def _read_confined(given: Given) -> Answer:
    return answered("bucket.read.confined", _READ, [_confined(READS, given)])


def _write_confined(given: Given) -> Answer:
    return answered("bucket.write.confined", _WRITE, [_confined(WRITES, given)])


def _no_other_tenant(given: Given) -> Answer:
    vendor, tenant = given.one("databricks"), given.one("databricks-account")
    other = that(("StringNotEquals", "aws:PrincipalTag/DatabricksAccountId", (tenant,)))
    where = (inside(given), by(vendor), other)
    claim = Claim(("s3:*",), where, layers_of(given), assumptions=assumed(given))
    return answered("bucket.no_other_tenant", _TENANT, [claim])


def _tls_only(given: Given) -> Answer:
    plain = that(("Bool", "aws:SecureTransport", ("false",)))
    where = (inside(given), plain)
    claim = Claim((*READS, *WRITES), where, layers_of(given), assumptions=assumed(given))
    return answered("bucket.tls_only", _TLS, [claim])


def _not_self_locking(given: Given) -> Answer:
    secure = that(("Bool", "aws:SecureTransport", ("true",)))
    bucket = that(resources=(f"arn:{given.partition}:s3:::{given.one('bucket')}",))
    ways = [coming_from(network) for network in given.many("networks")] or [that()]
    claims = (
        Claim(
            _LOCK,
            (bucket, by(caller), secure, way),
            layers_of(given),
            every=True,
            assumptions=assumed(given),
        )
        for caller in given.many("principals")
        for way in ways
    )
    return answered("bucket.not_self_locking", _LOCKED, claims)


_READ: Final = "No request from outside the networks, but for the principals, reads the bucket"
_WRITE: Final = "No request from outside the networks, but for the principals, writes to the bucket"
_TENANT: Final = "No request of Databricks for another customer reaches the bucket"
_TLS: Final = "No request without TLS reaches objects of the bucket"
_LOCKED: Final = "The principals can always replace or remove the bucket's policy"

QUESTIONS: Final = (
    Question(
        "bucket.read.confined",
        _READ,
        (POLICY, BUCKET, NETWORKS, PRINCIPALS, ACCOUNT, *ORGANISATION),
        _read_confined,
        ("P14",),
    ),
    Question(
        "bucket.write.confined",
        _WRITE,
        (POLICY, BUCKET, NETWORKS, PRINCIPALS, ACCOUNT, *ORGANISATION),
        _write_confined,
        ("P14",),
    ),
    Question(
        "bucket.no_other_tenant",
        _TENANT,
        (
            POLICY,
            BUCKET,
            Argument("databricks", "the AWS account of Databricks", required=True),
            Argument("databricks-account", "the id of your Databricks account", required=True),
            ACCOUNT,
            *ORGANISATION,
        ),
        _no_other_tenant,
        ("P14",),
    ),
    Question(
        "bucket.tls_only", _TLS, (POLICY, BUCKET, ACCOUNT, *ORGANISATION), _tls_only, ("P14",)
    ),
    Question(
        "bucket.not_self_locking",
        _LOCKED,
        (
            POLICY,
            BUCKET,
            Argument("principals", "who must keep access: ARNs", required=True),
            NETWORKS,
            ACCOUNT,
            *ORGANISATION,
        ),
        _not_self_locking,
        ("P14",),
    ),
)
