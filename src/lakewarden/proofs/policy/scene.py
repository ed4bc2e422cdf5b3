"""`Layer` and `Claim`: which policies decide, and what is claimed of them.

A request is admitted when every layer that it meets admits it: some statement of the layer allows
it, and none refuses it. A claim says that no request of a certain description is admitted, or
that every one is. Descriptions are written as statements too, so that whoever checks a witness can
read them without the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from lakewarden.semantics.iam_documents import Document, Statement

ANYONE: Final = "*"


@dataclass(frozen=True, slots=True)
class Layer:
    """Policies of which one has to allow a request, and none may refuse it.

    Attributes:
        name: `bucket policy`, `endpoint policy vpce-1`, `boundary`, …
        documents: its policies, together.
        names_callers: its statements say whom they are about, as those of resources do.
        trusted: accounts whose callers need no Allow here, as their own policies are not known;
            `*` for everybody.
        endpoint: it is asked about requests through this VPC endpoint alone.
        members: it is asked about callers of these accounts alone, as the policies of an
            organisation are; none for all callers.
        refuses_only: no Allow is needed.
    """

    name: str
    documents: tuple[Document, ...]
    names_callers: bool = False
    trusted: frozenset[str] = frozenset()
    endpoint: str = ""
    members: frozenset[str] = frozenset()
    refuses_only: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One of the resources that a request for several has to be admitted on.

    Attributes:
        type: its type, as the action catalogue names it.
        where: statements; it is meant when every one of them is about the request for it.
    """

    type: str
    where: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed.

    Attributes:
        actions: those of the requests: `s3:GetObject`; `s3:*` for all of a service, those of
            tomorrow included; `glue:` for whatever a service that nobody listed may have.
        where: statements; a request is meant when every one of them is about it.
        layers: the policies that decide.
        every: every such request is admitted; else that none is.
        unlike: policies as they were before; a request that they admit too contradicts nothing.
        never: statements that are about no request that there can be, as is known otherwise.
        types: the types of resources that matter; none for all.
        parts: the resources of a request that is admitted on all of them or not at all.
        home: the caller's account, whose the parts are that cannot be shared by another.
        assumptions: what the answer rests on beside the policies, in words.
    """

    actions: tuple[str, ...]
    where: tuple[Statement, ...]
    layers: tuple[Layer, ...]
    every: bool = False
    unlike: tuple[Layer, ...] = ()
    never: tuple[Statement, ...] = ()
    types: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    home: str = ""
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A statement's place: layer, policy in it, statement in that, each counted from 0."""

    layer: int
    document: int
    statement: int


@dataclass(frozen=True, slots=True)
class Request:
    """A request, with what its caller and its way bring along.

    Attributes:
        action: as `s3:GetObject`.
        resource: the ARN, or `*`.
        principal: the caller, as `proofs.policy.principals` writes it.
        session: the name of a role's session.
        context: values by condition key in lower case.
    """

    action: str
    resource: str
    principal: str
    session: str = ""
    context: dict[str, tuple[str, ...]] = field(default_factory=dict)


def keys_of(statements: Iterable[Statement]) -> frozenset[str]:
    """Return the condition keys that statements ask for."""
    return frozenset(
        key for statement in statements for keys in statement.conditions.values() for key in keys
    )


def partition_of(statements: Iterable[Statement]) -> str:
    """Return the partition that statements speak of; they cannot speak of two."""
    for statement in statements:
        names = (name for _, name in (*statement.principals, *statement.spared_principals))
        held = (v for keys in statement.conditions.values() for vs in keys.values() for v in vs)
        for text in (*statement.resources, *statement.spared, *names, *held):
            if text.startswith("arn:aws-") and not {"*", "?"} & set(text.split(":")[1]):
                return text.split(":")[1]
    return "aws"


def that(
    *conditions: tuple[str, str, tuple[str, ...]],
    resources: tuple[str, ...] = ("*",),
    spared: tuple[str, ...] = (),
) -> Statement:
    """Return the statement that is about requests of a description.

    Args:
        conditions: operator, key and values; all of them hold.
        resources: patterns of resources.
        spared: patterns of resources that are not meant; then `resources` is not looked at.
    """
    tests: dict[str, dict[str, tuple[str, ...]]] = {}
    for operator, key, values in conditions:
        tests.setdefault(operator, {})[key.lower()] = values
    return Statement(
        allows=True,
        actions=("*",),
        resources=() if spared else resources,
        spared=spared,
        negated=bool(spared),
        conditions=tests,
    )
