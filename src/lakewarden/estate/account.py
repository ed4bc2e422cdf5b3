"""What the account console knows: workspaces and the objects they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "account admin"
_BASE: Final = "GET /api/2.0/accounts/{account_id}"


@record
class Workspace(Record):
    """A workspace, as the account sees it."""

    id: int = key("workspace_id")
    name: Fact[str] = fact("workspace_name")
    deployment: Fact[str] = fact("deployment_name")
    region: Fact[str] = fact("aws_region")
    tier: Fact[str] = fact("pricing_tier")
    status: Fact[str] = fact("workspace_status")
    compute_mode: Fact[str | None] = fact("compute_mode", absent=None)
    credentials_id: Fact[str | None] = fact("credentials_id", absent=None)
    storage_id: Fact[str | None] = fact("storage_configuration_id", absent=None)
    network_id: Fact[str | None] = fact("network_id", absent=None)
    private_access_id: Fact[str | None] = fact("private_access_settings_id", absent=None)
    connectivity_id: Fact[str | None] = fact("network_connectivity_config_id", absent=None)
    managed_services_key_id: Fact[str | None] = fact(
        "managed_services_customer_managed_key_id", absent=None
    )
    storage_key_id: Fact[str | None] = fact("storage_customer_managed_key_id", absent=None)
    tags: Fact[Mapping[str, str]] = fact("custom_tags", absent={})


@record
class Network(Record):
    """A network configuration: the customer's VPC as registered with Databricks."""

    id: str = key("network_id")
    name: Fact[str | None] = fact("network_name", absent=None)
    vpc_id: Fact[str] = fact("vpc_id")
    subnet_ids: Fact[tuple[str, ...]] = fact("subnet_ids")
    security_group_ids: Fact[tuple[str, ...]] = fact("security_group_ids")
    status: Fact[str] = fact("vpc_status")
    rest_endpoints: Fact[tuple[str, ...]] = fact("vpc_endpoints.rest_api", absent=())
    relay_endpoints: Fact[tuple[str, ...]] = fact("vpc_endpoints.dataplane_relay", absent=())


@record
class PrivateAccess(Record):
    """A private access settings object: how users may reach a workspace."""

    id: str = key("private_access_settings_id")
    name: Fact[str | None] = fact("private_access_settings_name", absent=None)
    region: Fact[str | None] = fact("region", absent=None)
    public_access: Fact[bool] = fact("public_access_enabled")
    level: Fact[str] = fact("private_access_level")
    allowed_endpoints: Fact[tuple[str, ...]] = fact("allowed_vpc_endpoint_ids", absent=())


@record
class RegisteredEndpoint(Record):
    """A VPC endpoint registered with the account."""

    id: str = key("vpc_endpoint_id")
    name: Fact[str | None] = fact("vpc_endpoint_name", absent=None)
    region: Fact[str | None] = fact("region", absent=None)
    aws_id: Fact[str] = fact("aws_vpc_endpoint_id")
    use_case: Fact[str] = fact("use_case")
    state: Fact[str] = fact("state")


@record
class Credential(Record):
    """A credential configuration: the cross-account or log-delivery role."""

    id: str = key("credentials_id")
    name: Fact[str | None] = fact("credentials_name", absent=None)
    role_arn: Fact[str] = fact("aws_credentials.sts_role.role_arn")


@record
class StorageConfiguration(Record):
    """A storage configuration: a bucket that the account may use."""

    id: str = key("storage_configuration_id")
    name: Fact[str | None] = fact("storage_configuration_name", absent=None)
    bucket: Fact[str] = fact("root_bucket_info.bucket_name")


@record
class EncryptionKey(Record):
    """A customer-managed key as registered with the account."""

    id: str = key("customer_managed_key_id")
    use_cases: Fact[tuple[str, ...]] = fact("use_cases")
    arn: Fact[str] = fact("aws_key_info.key_arn")
    alias: Fact[str | None] = fact("aws_key_info.key_alias", absent=None)
    covers_volumes: Fact[bool] = fact("aws_key_info.reuse_key_for_cluster_volumes")


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How the last deliveries of a log went."""

    status: str
    message: str = ""
    last_attempt_time: str = ""
    last_successful_attempt_time: str = ""


@record
class LogDelivery(Record):
    """A log delivery configuration."""

    id: str = key("config_id")
    name: Fact[str | None] = fact("config_name", absent=None)
    output: Fact[str | None] = fact("output_format", absent=None)
    prefix: Fact[str | None] = fact("delivery_path_prefix", absent=None)
    log_type: Fact[str] = fact("log_type")
    status: Fact[str] = fact("status")
    workspace_filter: Fact[tuple[int, ...]] = fact("workspace_ids_filter", absent=())
    storage_id: Fact[str] = fact("storage_configuration_id")
    credentials_id: Fact[str] = fact("credentials_id")
    delivery: Fact[DeliveryStatus] = fact("log_delivery_status")


@record
class WorkspaceNetwork(Record):
    """Which network policy a workspace has."""

    workspace_id: int = key("workspace_id")
    policy_id: Fact[str] = fact("network_policy_id")


WORKSPACES: Final = Kind("workspaces", Workspace, Scope.ACCOUNT, f"{_BASE}/workspaces", _ADMIN)
NETWORKS: Final = Kind("networks", Network, Scope.ACCOUNT, f"{_BASE}/networks", _ADMIN)
PRIVATE_ACCESS: Final = Kind(
    "private_access", PrivateAccess, Scope.ACCOUNT, f"{_BASE}/private-access-settings", _ADMIN
)
REGISTERED_ENDPOINTS: Final = Kind(
    "registered_endpoints", RegisteredEndpoint, Scope.ACCOUNT, f"{_BASE}/vpc-endpoints", _ADMIN
)
CREDENTIALS: Final = Kind("credentials", Credential, Scope.ACCOUNT, f"{_BASE}/credentials", _ADMIN)
STORAGE_CONFIGURATIONS: Final = Kind(
    "storage_configurations",
    StorageConfiguration,
    Scope.ACCOUNT,
    f"{_BASE}/storage-configurations",
    _ADMIN,
)
ENCRYPTION_KEYS: Final = Kind(
    "encryption_keys", EncryptionKey, Scope.ACCOUNT, f"{_BASE}/customer-managed-keys", _ADMIN
)
LOG_DELIVERIES: Final = Kind(
    "log_deliveries", LogDelivery, Scope.ACCOUNT, f"{_BASE}/log-delivery", _ADMIN
)
WORKSPACE_NETWORK: Final = Kind(
    "workspace_network",
    WorkspaceNetwork,
    Scope.ACCOUNT,
    f"{_BASE}/workspaces/{{workspace_id}}/network",
    _ADMIN,
    after=("workspaces",),
)
