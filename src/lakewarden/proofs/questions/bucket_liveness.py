"""Whether Databricks still works: each way that it comes to a bucket has to stay open.

A policy that keeps strangers out and the control plane too is an outage. Every way is asked about
by itself, so that an answer can say which one is cut, and by what.
Source: Databricks documentation, "Restrict access to S3 buckets"; Amazon S3 User Guide, "Enabling
Amazon S3 server access logging".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lakewarden.proofs.facts.accounts import serverless
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.policy.scene import Claim, that
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.bucket import (
    ACCOUNT,
    BUCKET,
    ORGANISATION,
    POLICY,
    assumed,
    inside,
    layers_of,
)
from lakewarden.proofs.questions.describe import by, coming_from
from lakewarden.proofs.questions.given import Argument, ArgumentError, Given
from lakewarden.proofs.questions.question import Question, answered
from lakewarden.semantics.iam_documents import Statement

_USES: Final = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:PutObject",
    "s3:DeleteObject",
)
"""What Databricks documents that it needs of a bucket."""
_DELIVERS: Final = ("s3:PutObject", "s3:GetBucketLocation", "s3:ListBucket")
_LOGGING: Final = "logging.s3.amazonaws.com"
_NO_WAY: Final = (
    "no way to the bucket is named that should be open; name roles with endpoints, control-plane "
    "or serverless, or log-delivery, or aws-logging"
)
_YES: Final = frozenset({"yes", "true"})
_NO: Final = frozenset({"", "no", "false"})
_SECURE: Final = (
    that(("Bool", "aws:SecureTransport", ("true",))),
    that(("Bool", "aws:ViaAWSService", ("false",))),
)


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to the bucket.

    Attributes:
        name: in words.
        actions: what is done by it.
        where: what its requests look like.
    """

    name: str
    actions: tuple[str, ...]
    where: tuple[Statement, ...]


def _still_works(given: Given) -> Answer:
    ways = list(_ways(given))
    if not ways:
        raise ArgumentError(_NO_WAY)
    found = [(way, answered(_NAME, _WORKS, [_open(way, given)])) for way in ways]
    cut = [(way, answer) for way, answer in found if answer.outcome is Outcome.REFUTED]
    unsure = [(way, answer) for way, answer in found if answer.outcome is Outcome.UNKNOWN]
    assumptions = tuple(dict.fromkeys(a for _, answer in found for a in answer.assumptions))
    statements = tuple(dict.fromkeys(s for _, answer in found for s in answer.statements))
    if not cut and not unsure:
        lines = tuple(f"{way.name}: open" for way in ways)
        return Answer(_NAME, Outcome.PROVED, _WORKS, statements, (), lines, assumptions)
    told = cut or unsure
    return Answer(
        _NAME,
        told[0][1].outcome,
        _WORKS,
        witness=tuple(request for _, answer in cut for request in answer.witness),
        explanation=tuple(f"{w.name}: {line}" for w, a in told for line in a.explanation),
        assumptions=assumptions,
    )


def _open(way: _Way, given: Given) -> Claim:
    where = (inside(given), *way.where)
    return Claim(way.actions, where, layers_of(given), every=True, assumptions=assumed(given))


def _ways(given: Given) -> Iterator[_Way]:
    """Yield every way that was named."""
    plane = (*given.many("control-plane-vpcs"), *given.many("control-plane"))
    yield from _used(given, "the control plane", _networks(plane))
    classic = _networks(given.many("endpoints"))
    yield from _used(given, "classic compute", classic)
    if _wanted(given, "serverless"):
        yield from _used(given, "serverless compute", (_SERVERLESS,))
    yield from _delivered(given, plane)


def _delivered(given: Given, plane: tuple[str, ...]) -> Iterator[_Way]:
    """Yield the ways of logs: those of Databricks, and those of S3 itself."""
    for role in given.many("log-delivery"):
        for network, there in _networks(plane) or (("", ()),):
            name = f"delivery of logs by {role}{network}"
            yield _Way(name, _DELIVERS, (by(role), *there, *_SECURE))
    if _wanted(given, "aws-logging"):
        account = given.one("account")
        source = ("StringEquals", "aws:SourceAccount", (account,))
        where = (by(_LOGGING), _SECURE[0], *((that(source),) if account else ()))
        yield _Way("access logs of S3", ("s3:PutObject",), where)


_Network = tuple[str, tuple[Statement, ...]]


def _used(given: Given, who: str, networks: tuple[_Network, ...]) -> Iterator[_Way]:
    """Yield the ways of Databricks as itself, for its tenant, and by roles of yours."""
    vendor, tenant = given.one("databricks"), given.one("databricks-account")
    tagged = that(("StringEquals", "aws:PrincipalTag/DatabricksAccountId", (tenant,)))
    for network, there in networks:
        if vendor:
            for_us = (tagged,) if tenant else ()
            where = (by(vendor), *for_us, *there, *_SECURE)
            yield _Way(f"{who}{network} as Databricks", _USES, where)
        for role in given.many("roles"):
            yield _Way(f"{who}{network} by {role}", _USES, (by(role), *there, *_SECURE))


def _networks(names: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple((f" from {name}", (coming_from(name),)) for name in names)


_SERVERLESS: Final[_Network] = (
    "",
    (
        that(("ForAllValues:StringLike", "aws:VpceOrgPaths", (serverless().organisation_path,))),
        that(("Null", "aws:VpceOrgPaths", ("false",))),
    ),
)
"""An endpoint belongs to one account, so that all paths that a request shows are its own."""


def _wanted(given: Given, name: str) -> bool:
    word = given.one(name)
    if word not in _YES | _NO:
        raise ArgumentError(f"{name}: yes or no, not {word!r}")
    return word in _YES


_NAME: Final = "bucket.databricks_still_works"
_WORKS: Final = "Databricks reaches the bucket by every way that it needs"

QUESTIONS: Final = (
    Question(
        _NAME,
        _WORKS,
        (
            POLICY,
            BUCKET,
            ACCOUNT,
            Argument("databricks", "the AWS account of Databricks, where it comes as itself"),
            Argument("databricks-account", "the id of your Databricks account, for its sessions"),
            Argument("roles", "ARNs of your roles by which Databricks and its compute come"),
            Argument("control-plane-vpcs", "the VPCs of the control plane in the region"),
            Argument("control-plane", "address ranges of the control plane"),
            Argument("endpoints", "your VPC endpoints, by which classic compute comes"),
            Argument("serverless", "yes where serverless compute uses it"),
            Argument("log-delivery", "the ARNs of the roles that deliver Databricks' logs"),
            Argument("aws-logging", "yes where S3 writes its access logs to it"),
            *ORGANISATION,
        ),
        _still_works,
        ("P14",),
    ),
)
