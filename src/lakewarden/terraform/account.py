"""Resources of the Databricks account: workspaces and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lakewarden.estate import account, perimeter
from lakewarden.terraform.entries import Entry, Reader, Source, same


def _network_option(source: Source) -> Iterator[Entry]:
    """Which network policy a workspace has; the plan may know the workspace by a stand-in."""
    fields = {
        "workspace_id": source.one("workspace_id"),
        "network_policy_id": source.one("network_policy_id"),
    }
    yield Entry(account.WORKSPACE_NETWORK, fields)


ACCOUNT: Final[Mapping[str, Reader]] = {
    "databricks_mws_workspaces": same(account.WORKSPACES),
    "databricks_mws_networks": same(account.NETWORKS),
    "databricks_mws_private_access_settings": same(account.PRIVATE_ACCESS),
    "databricks_mws_vpc_endpoint": same(account.REGISTERED_ENDPOINTS),
    "databricks_mws_credentials": same(
        account.CREDENTIALS, aws_credentials__sts_role__role_arn="role_arn"
    ),
    "databricks_mws_storage_configurations": same(
        account.STORAGE_CONFIGURATIONS, root_bucket_info__bucket_name="bucket_name"
    ),
    "databricks_mws_customer_managed_keys": same(account.ENCRYPTION_KEYS),
    "databricks_mws_log_delivery": same(account.LOG_DELIVERIES),
    "databricks_account_network_policy": same(perimeter.NETWORK_POLICIES, "network_policy_id"),
    "databricks_workspace_network_option": _network_option,
}
"""How the resources of the account are read, by type."""
