"""Users, groups and service principals, of the account and of a workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "account admin"
_SCIM: Final = "GET /api/2.0/accounts/{account_id}/scim/v2"


@dataclass(frozen=True, slots=True)
class Value:
    """One entry of a SCIM multi-valued attribute: a role, an entitlement."""

    value: str


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a group: its id, its name where given, and where to find it."""

    value: str
    display: str = ""
    ref: str = field(default="", metadata={"wire": "$ref"})


@record
class AccountUser(Record):
    """A user of the account."""

    id: str = key("id")
    name: Fact[str] = fact("userName")
    active: Fact[bool] = fact("active")
    external_id: Fact[str | None] = fact("externalId", absent=None)
    roles: Fact[tuple[Value, ...]] = fact("roles", absent=())


@record
class AccountGroup(Record):
    """A group of the account."""

    id: str = key("id")
    name: Fact[str] = fact("displayName")
    external_id: Fact[str | None] = fact("externalId", absent=None)
    roles: Fact[tuple[Value, ...]] = fact("roles", absent=())
    members: Fact[tuple[Member, ...]] = fact("members", absent=())


@record
class AccountServicePrincipal(Record):
    """A service principal of the account."""

    id: str = key("id")
    name: Fact[str] = fact("displayName")
    application_id: Fact[str] = fact("applicationId")
    active: Fact[bool] = fact("active")
    roles: Fact[tuple[Value, ...]] = fact("roles", absent=())


@record
class WorkspaceGroup(Record):
    """A group as a workspace sees it, with what it is entitled to there."""

    id: str = key("id")
    name: Fact[str] = fact("displayName")
    entitlements: Fact[tuple[Value, ...]] = fact("entitlements")
    members: Fact[tuple[Member, ...]] = fact("members", absent=())
    resource_type: Fact[str] = fact("meta.resourceType")


@dataclass(frozen=True, slots=True)
class AssignedPrincipal:
    """Whom an assignment is for."""

    principal_id: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a principal of the account may be in a workspace: `USER` or `ADMIN`."""

    principal: AssignedPrincipal
    permissions: tuple[str, ...]


@record
class WorkspaceAssignments(Record):
    """Which principals of the account may enter a workspace, and as what."""

    workspace_id: int = key("workspace_id")
    assignments: Fact[tuple[Assignment, ...]] = fact("permission_assignments")


@dataclass(frozen=True, slots=True)
class GrantRule:
    """A role of the account and who has it: `users/…`, `groups/…`, `servicePrincipals/…`."""

    role: str
    principals: tuple[str, ...] = ()


@record
class RuleSet(Record):
    """The roles of the account that are granted apart from that of its admins."""

    name: str = key("name")
    grants: Fact[tuple[GrantRule, ...]] = fact("grant_rules")


@record
class FederationPolicy(Record):
    """Whose tokens the account takes for those of its users.

    `audiences` left out mean the account's id, `subject_claim` left out means `sub`.
    """

    id: str = key("policy_id")
    issuer: Fact[str] = fact("oidc_policy.issuer")
    audiences: Fact[tuple[str, ...]] = fact("oidc_policy.audiences", absent=())
    subject_claim: Fact[str | None] = fact("oidc_policy.subject_claim", absent=None)


ACCOUNT_USERS: Final = Kind("account_users", AccountUser, Scope.ACCOUNT, f"{_SCIM}/Users", _ADMIN)
ACCOUNT_GROUPS: Final = Kind(
    "account_groups", AccountGroup, Scope.ACCOUNT, f"{_SCIM}/Groups", _ADMIN
)
ACCOUNT_SERVICE_PRINCIPALS: Final = Kind(
    "account_service_principals",
    AccountServicePrincipal,
    Scope.ACCOUNT,
    f"{_SCIM}/ServicePrincipals",
    _ADMIN,
)
WORKSPACE_GROUPS: Final = Kind(
    "workspace_groups",
    WorkspaceGroup,
    Scope.WORKSPACE,
    "GET /api/2.0/preview/scim/v2/Groups",
    "workspace admin",
)
PERMISSION_ASSIGNMENTS: Final = Kind(
    "permission_assignments",
    WorkspaceAssignments,
    Scope.ACCOUNT,
    "GET /api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments",
    _ADMIN,
    after=("workspaces",),
)
RULE_SETS: Final = Kind(
    "rule_sets",
    RuleSet,
    Scope.ACCOUNT,
    "GET /api/2.0/preview/accounts/{account_id}/access-control/rule-sets",
    _ADMIN,
)
FEDERATION_POLICIES: Final = Kind(
    "federation_policies",
    FederationPolicy,
    Scope.ACCOUNT,
    "GET /api/2.0/accounts/{account_id}/federationPolicies",
    _ADMIN,
)
