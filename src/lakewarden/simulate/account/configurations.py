"""What workspaces are made of: credentials, storage, networks, keys, endpoints.

And private access settings. All below ``/api/2.0/accounts/{account}``; every list is a bare array.
"""

from __future__ import annotations

from collections.abc import Callable

from lakewarden.simulate.crud import Collection, serve
from lakewarden.simulate.state import Account, Json
from lakewarden.simulate.web import ACCOUNT, Request, Seed, invalid, seeds

_BASE = "/api/2.0/accounts/{account}"
FEWEST_SUBNETS = 2  # in two availability zones
_ENDPOINT_SERVICES = {
    "DATAPLANE_RELAY_ACCESS": "com.amazonaws.vpce.us-east-1.vpce-svc-00018a8c3ff62ffdf",
    "GENERAL_ACCESS": "com.amazonaws.vpce.us-east-1.vpce-svc-09143d1e626de2f04",
}


def _events(noun: str) -> tuple[str, str, str]:
    return (
        f"accountsManager.create{noun}",
        f"accountsManager.update{noun}",
        f"accountsManager.delete{noun}",
    )


def _stamp(request: Request, body: Json) -> Json:
    return {"account_id": request.account.id, "creation_time": request.now} | body


def _used_by(*keys: str) -> Callable[[Account, str], str | None]:
    """The workspace that refers to an id under one of some keys."""

    def find(account: Account, wanted: str) -> str | None:
        for workspace in account.table("workspaces").values():
            if any(workspace.get(key) == wanted for key in keys):
                return f"workspace {workspace['workspace_name']}"
        return None

    return find


def _fill_credentials(request: Request, body: Json) -> Json:
    body["aws_credentials"]["sts_role"]["external_id"] = request.account.id
    return _stamp(request, body)


def _fill_network(request: Request, body: Json) -> Json:
    return _stamp(request, {"vpc_status": "UNATTACHED"} | body)


def _check_network(request: Request, body: Json) -> None:
    endpoints = body.get("vpc_endpoints", {})
    for endpoint_id in (*endpoints.get("rest_api", ()), *endpoints.get("dataplane_relay", ())):
        if endpoint_id not in request.account.table("vpc-endpoints"):
            raise invalid(f"VPC endpoint {endpoint_id} does not exist")
    if len(body.get("subnet_ids", [])) < FEWEST_SUBNETS:
        raise invalid("A network needs at least two subnets")


def _fill_key(request: Request, body: Json) -> Json:
    info = body["aws_key_info"]
    info.setdefault("key_region", info["key_arn"].split(":")[3])
    return _stamp(request, body)


def _fill_endpoint(request: Request, body: Json) -> Json:
    relay = "relay" in body["vpc_endpoint_name"]
    use_case = "DATAPLANE_RELAY_ACCESS" if relay else "GENERAL_ACCESS"
    guessed = {
        "account_id": request.account.id,
        "aws_account_id": "123456789012",
        "aws_endpoint_service_id": _ENDPOINT_SERVICES[use_case],
        "state": "available",
        "use_case": use_case,
    }
    return guessed | body


def _fill_private_access(request: Request, body: Json) -> Json:
    defaults: Json = {"public_access_enabled": True, "private_access_level": "ACCOUNT"}
    return {"account_id": request.account.id} | defaults | body


def _check_private_access(request: Request, body: Json) -> None:
    for endpoint_id in body.get("allowed_vpc_endpoint_ids", ()):
        if endpoint_id not in request.account.table("vpc-endpoints"):
            raise invalid(f"VPC endpoint {endpoint_id} does not exist")


CREDENTIALS = Collection(
    path=f"{_BASE}/credentials",
    table="credentials",
    id_key="credentials_id",
    label="Credentials",
    result_key="credentials",
    required=("credentials_name", "aws_credentials"),
    audit=_events("CredentialsConfiguration"),
    unique="credentials_name",
    fill=_fill_credentials,
    in_use=_used_by("credentials_id"),
)
STORAGE = Collection(
    path=f"{_BASE}/storage-configurations",
    table="storage-configurations",
    id_key="storage_configuration_id",
    label="Storage configuration",
    result_key="storage_configuration",
    required=("storage_configuration_name", "root_bucket_info"),
    audit=_events("StorageConfiguration"),
    unique="storage_configuration_name",
    fill=_stamp,
    in_use=_used_by("storage_configuration_id"),
)
NETWORKS = Collection(
    path=f"{_BASE}/networks",
    table="networks",
    id_key="network_id",
    label="Network",
    result_key="network",
    required=("network_name", "vpc_id"),
    audit=_events("NetworkConfiguration"),
    unique="network_name",
    fill=_fill_network,
    check=_check_network,
    in_use=_used_by("network_id"),
)
KEYS = Collection(
    path=f"{_BASE}/customer-managed-keys",
    table="customer-managed-keys",
    id_key="customer_managed_key_id",
    label="Customer-managed key",
    result_key="customer_managed_key",
    required=("use_cases", "aws_key_info"),
    audit=_events("CustomerManagedKeyConfiguration"),
    feature="Customer-managed keys",
    fill=_fill_key,
    in_use=_used_by("managed_services_customer_managed_key_id", "storage_customer_managed_key_id"),
)
VPC_ENDPOINTS = Collection(
    path=f"{_BASE}/vpc-endpoints",
    table="vpc-endpoints",
    id_key="vpc_endpoint_id",
    label="VPC endpoint",
    result_key="vpc_endpoint",
    required=("vpc_endpoint_name", "aws_vpc_endpoint_id"),
    audit=_events("VpcEndpoint"),
    unique="vpc_endpoint_name",
    feature="PrivateLink",
    fill=_fill_endpoint,
)
PRIVATE_ACCESS = Collection(
    path=f"{_BASE}/private-access-settings",
    table="private-access-settings",
    id_key="private_access_settings_id",
    label="Private access settings",
    result_key="private_access_settings",
    required=("private_access_settings_name", "region"),
    audit=_events("PrivateAccessSettings"),
    unique="private_access_settings_name",
    feature="PrivateLink",
    fill=_fill_private_access,
    check=_check_private_access,
    in_use=_used_by("private_access_settings_id"),
)
for _collection in (CREDENTIALS, STORAGE, NETWORKS, KEYS, VPC_ENDPOINTS):
    serve(ACCOUNT, _collection, "list", "get", "create", "delete")
serve(ACCOUNT, PRIVATE_ACCESS, "list", "get", "create", "put", "delete")


def _seeder(kind: str, what: Collection, name_key: str) -> None:
    @seeds(kind)
    def seed(seed: Seed, item: Json) -> None:
        name = item.pop("name") if name_key == "name" else item[name_key]
        made = seed.call("POST", what.path, item)
        seed.remember(kind, name, made[what.id_key])


_seeder("credentials", CREDENTIALS, "credentials_name")
_seeder("storage_configurations", STORAGE, "storage_configuration_name")
_seeder("networks", NETWORKS, "network_name")
_seeder("customer_managed_keys", KEYS, "name")
_seeder("vpc_endpoints", VPC_ENDPOINTS, "vpc_endpoint_name")
_seeder("private_access_settings", PRIVATE_ACCESS, "private_access_settings_name")
