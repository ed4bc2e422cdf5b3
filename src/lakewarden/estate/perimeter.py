"""Where a workspace meets the outside: network policies, private endpoints, model endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "account admin"
_ACCOUNT: Final = "GET /api/2.0/accounts/{account_id}"


@dataclass(frozen=True, slots=True)
class Ranges:
    """Networks that a rule names."""

    ip_ranges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, as a rule says it."""

    all_ip_ranges: bool = False
    included_ip_ranges: Ranges | None = None
    excluded_ip_ranges: Ranges | None = None
    all_source_workspaces: bool = False


@dataclass(frozen=True, slots=True)
class Authentication:
    """Whose requests a rule is about: IDENTITY_TYPE_ALL_USERS, …_SELECTED_IDENTITIES and so on."""

    identity_type: str = ""


@dataclass(frozen=True, slots=True)
class IngressRule:
    """A rule of a network policy about requests from outside."""

    label: str = ""
    origin: Origin | None = None
    authentication: Authentication | None = None


@dataclass(frozen=True, slots=True)
class InternetDestination:
    """A domain that serverless compute may connect to."""

    destination: str


@dataclass(frozen=True, slots=True)
class StorageDestination:
    """A bucket that serverless compute may connect to."""

    bucket_name: str


@record
class NetworkPolicy(Record):
    """A network policy: where serverless compute may connect to, and who may reach a workspace.

    Rules and destinations that the answer leaves out are none. What only a dry run would refuse is
    not read. `egress` and `ingress` are all that the answer says of each, for changes of it.
    """

    id: str = key("network_policy_id")
    restriction: Fact[str] = fact("egress.network_access.restriction_mode")
    enforcement: Fact[str] = fact("egress.network_access.policy_enforcement.enforcement_mode")
    domains: Fact[tuple[InternetDestination, ...]] = fact(
        "egress.network_access.allowed_internet_destinations", absent=()
    )
    buckets: Fact[tuple[StorageDestination, ...]] = fact(
        "egress.network_access.allowed_storage_destinations", absent=()
    )
    public_access: Fact[str | None] = fact("ingress.public_access.restriction_mode", absent=None)
    public_rules: Fact[tuple[IngressRule, ...]] = fact(
        "ingress.public_access.allow_rules", absent=()
    )
    cross_workspace: Fact[str | None] = fact(
        "ingress.cross_workspace_access.restriction_mode", absent=None
    )
    cross_workspace_rules: Fact[tuple[IngressRule, ...]] = fact(
        "ingress.cross_workspace_access.allow_rules", absent=()
    )
    egress: Fact[Mapping[str, Any]] = fact("egress", absent={})
    ingress: Fact[Mapping[str, Any]] = fact("ingress", absent={})


@dataclass(frozen=True, slots=True)
class PrivateEndpointRule:
    """A private endpoint of serverless compute. `connection_state` is ESTABLISHED when it works."""

    rule_id: str
    connection_state: str
    enabled: bool
    endpoint_service: str = ""


@record
class ConnectivityRules(Record):
    """The private endpoint rules of a network connectivity configuration."""

    id: str = key("network_connectivity_config_id")
    rules: Fact[tuple[PrivateEndpointRule, ...]] = fact("items")


@record
class ServingEndpoint(Record):
    """A model that answers over HTTP."""

    name: str = key("name")


NETWORK_POLICIES: Final = Kind(
    "network_policies", NetworkPolicy, Scope.ACCOUNT, f"{_ACCOUNT}/network-policies", _ADMIN
)
CONNECTIVITY_RULES: Final = Kind(
    "connectivity_rules",
    ConnectivityRules,
    Scope.ACCOUNT,
    f"{_ACCOUNT}/network-connectivity-configs/{{config_id}}/private-endpoint-rules",
    _ADMIN,
    after=("workspaces",),
)
SERVING_ENDPOINTS: Final = Kind(
    "serving_endpoints",
    ServingEndpoint,
    Scope.WORKSPACE,
    "GET /api/2.0/serving-endpoints",
    "workspace admin",
)
