"""What else decides whether AWS lets a call through: boundaries, grants, the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record


def _wire(name: str, **default: Any) -> Any:
    return field(metadata={"wire": name}, **default)


@record
class RoleBounds(Record):
    """How far a registered role can go at most, whatever its policies say.

    Attributes:
        boundary: the policy that is its permissions boundary, None where it has none.
        document: that policy as JSON text, None where there is none.
        session_seconds: how long a session of it may last.
    """

    arn: str = key("arn")
    boundary: Fact[str | None] = fact("boundary", absent=None)
    document: Fact[str | None] = fact("document", absent=None)
    session_seconds: Fact[int] = fact("MaxSessionDuration")


@dataclass(frozen=True, slots=True)
class GrantConstraints:
    """What must be in, or be all of, the encryption context of a call that a grant allows."""

    subset: Mapping[str, str] | None = _wire("EncryptionContextSubset", default=None)
    equals: Mapping[str, str] | None = _wire("EncryptionContextEquals", default=None)
    source_arn: str = _wire("SourceArn", default="")


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """A grant of a key: somebody may do some things with it, beside what its policy says.

    Attributes:
        grantee: the principal that may use it; empty where that is an AWS service.
        grantee_service: the AWS service that may use it, or empty.
        retiring: the principal that may end it, or empty.
        issuer: the account under which it was made.
        operations: `Decrypt`, `CreateGrant` and so on.
        constraints: None where every encryption context will do.
    """

    id: str = _wire("GrantId")
    operations: tuple[str, ...] = _wire("Operations")
    grantee: str = _wire("GranteePrincipal", default="")
    grantee_service: str = _wire("GranteeServicePrincipal", default="")
    retiring: str = _wire("RetiringPrincipal", default="")
    issuer: str = _wire("IssuingAccount", default="")
    constraints: GrantConstraints | None = field(default=None, metadata={"wire": "Constraints"})


@record
class KeyGrants(Record):
    """All grants of a registered key."""

    arn: str = key("arn")
    grants: Fact[tuple[KeyGrant, ...]] = fact("Grants")


@record
class OrganizationLevel(Record):
    """What the organisation allows on one level above an AWS account, by kind of policy.

    A call must be allowed on every level: by some policy of the root, some of each unit on the
    way down, and some of the account itself. There is none of a kind that the organisation does
    not use, and none for its management account, which such policies do not bind.

    Attributes:
        target: the root, unit or account.
        type: SERVICE_CONTROL_POLICY or RESOURCE_CONTROL_POLICY.
        depth: 0 for the root.
        documents: the policies of this level as JSON text.
    """

    target: str = key("target")
    type: str = key("type")
    depth: Fact[int] = fact("depth")
    documents: Fact[tuple[str, ...]] = fact("documents")


ROLE_BOUNDS: Final = Kind(
    "role_bounds",
    RoleBounds,
    Scope.AWS,
    "iam:GetRole",
    "iam:GetRole, iam:GetPolicy, iam:GetPolicyVersion",
    ("credentials",),
)
KEY_GRANTS: Final = Kind(
    "key_grants",
    KeyGrants,
    Scope.AWS,
    "kms:ListGrants",
    "kms:ListGrants",
    ("encryption_keys",),
)
ORGANIZATION_LEVELS: Final = Kind(
    "organization_levels",
    OrganizationLevel,
    Scope.AWS,
    "organizations:ListPoliciesForTarget",
    "organizations:DescribeOrganization, organizations:ListRoots, organizations:ListParents, "
    "organizations:ListPoliciesForTarget, organizations:DescribePolicy",
)
