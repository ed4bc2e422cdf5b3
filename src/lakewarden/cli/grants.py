"""What the caller was allowed to read, grant by grant, and the least that would do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.controls.kit.control import Control
from lakewarden.controls.kit.registry import needs_of
from lakewarden.estate.account import CREDENTIALS, ENCRYPTION_KEYS
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import gaps_of
from lakewarden.store.snapshots import DiskSnapshot

_REFUSED: Final = {Cause.FORBIDDEN, Cause.UNAUTHENTICATED}
_ANSWERED: Final = {Cause.UNSET, Cause.MISSING_FIELD, Cause.MALFORMED, Cause.DISABLED}
"""Causes that say nothing about what the caller may do."""
_UNNAMED: Final = frozenset(
    {"s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets", "kms:ListAliases", "kms:ListKeys"}
)
"""Actions of services with named resources that are about none of them."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission that controls need.

    Attributes:
        name: in the words of its platform, `workspace admin` or `s3:GetBucketPolicy`.
        platform: `databricks` or `aws`.
        state: `granted`, `refused`, `failed` (for another reason) or `untried`.
        why: what was answered; empty when granted.
        controls: the controls that cannot be judged without it.
    """

    name: str
    platform: str
    state: str
    why: str
    controls: tuple[str, ...]


def grants(snapshot: DiskSnapshot, selected: tuple[Control[Any], ...]) -> Iterator[Grant]:
    """Yield every grant that some controls need, with what came of using it."""
    by_name: dict[tuple[str, str], list[Kind[Any]]] = {}
    for kind in _kinds(selected):
        platform = "aws" if kind.scope is Scope.AWS else "databricks"
        for name in _names(kind):
            by_name.setdefault((platform, name), []).append(kind)
    for (platform, name), kinds in sorted(by_name.items()):
        state, why = _state(snapshot, kinds)
        mine = {kind.name for kind in kinds}
        controls = tuple(c.id for c in selected if mine & {need.kind for need in c.needs})
        yield Grant(name, platform, state, why, controls)


def _names(kind: Kind[Any]) -> list[str]:
    """Return the grants of a kind: several actions on AWS, one sentence on Databricks."""
    return kind.grant.split(", ") if kind.scope is Scope.AWS else [kind.grant]


def _kinds(selected: Iterable[Control[Any]]) -> list[Kind[Any]]:
    return [KINDS[name] for name in sorted({need.kind for need in needs_of(selected)})]


def _state(snapshot: DiskSnapshot, kinds: list[Kind[Any]]) -> tuple[str, str]:
    gaps = [gap for kind in kinds for gap in unread(snapshot, kind)]
    for gap in gaps:
        if gap.cause in _REFUSED:
            return "refused", f"{gap.source}: {gap.cause}"
    if gaps:
        return "failed", f"{gaps[0].source}: {gaps[0].cause}"
    names = {kind.name for kind in kinds}
    tried = any(header.kind in names for header in snapshot.headers())
    return ("granted", "") if tried else ("untried", "the way there is closed")


def unread(snapshot: DiskSnapshot, kind: Kind[Any], scope: str = "") -> Iterator[Gap]:
    """Yield why something of a kind was not read, once for each collection and record.

    Args:
        snapshot: what was read.
        kind: the kind.
        scope: the scope to look at; all of them when it is empty.
    """
    for header in snapshot.headers():
        if header.kind != kind.name or scope not in {"", header.scope}:
            continue
        if header.gap is not None:
            yield header.gap
        for record in snapshot.collection(kind, header.scope).seen():
            yield from itertools.islice(filter(_missed, gaps_of(record)), 1)


def _missed(gap: Gap) -> bool:
    """Return whether somebody who may do more would have read it."""
    return bool(gap.grant) and gap.cause not in _ANSWERED


def aws_policy(snapshot: DiskSnapshot, selected: tuple[Control[Any], ...]) -> dict[str, Any]:
    """Return the smallest IAM policy that suffices, narrowed to what the deployment has.

    A resource that could not be read is left wide, as `*`.
    """
    resources = {"s3": _buckets(snapshot), "iam": _roles(snapshot), "kms": _keys(snapshot)}
    actions = {
        action for kind in _kinds(selected) if kind.scope is Scope.AWS for action in _names(kind)
    }
    by_resource: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(actions):
        by_resource.setdefault(_resource(action, resources), []).append(action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": names, "Resource": list(resource)}
            for resource, names in sorted(by_resource.items())
        ],
    }


def _resource(action: str, resources: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    service, _, name = action.partition(":")
    managed_policy = service == "iam" and name in {"GetPolicy", "GetPolicyVersion"}
    if action in _UNNAMED or managed_policy:
        return ("*",)
    return resources.get(service, ("*",))


def _buckets(snapshot: DiskSnapshot) -> tuple[str, ...]:
    return _named(f"arn:aws:s3:::{b.name}" for b in Estate(snapshot).buckets())


def _roles(snapshot: DiskSnapshot) -> tuple[str, ...]:
    return _named(c.role_arn.get() for c in Estate(snapshot).of(CREDENTIALS).each())


def _keys(snapshot: DiskSnapshot) -> tuple[str, ...]:
    return _named(k.arn.get() for k in Estate(snapshot).of(ENCRYPTION_KEYS).each())


def _named(arns: Iterator[str]) -> tuple[str, ...]:
    try:
        return tuple(sorted(set(arns))) or ("*",)
    except UnreadError:
        return ("*",)
