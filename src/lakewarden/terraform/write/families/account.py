"""What the account console knows: workspaces, what they are made of, logs, networks, budgets."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lakewarden.terraform.write.rows import Row, Rows
from lakewarden.terraform.write.thing import LeftOutError, Thing

_MATES: Final = "identity_type identities=*{principal_id principal_type}"
_ALL: Final = "={all_destinations}"
_TO: Final = f"""destination={{all_destinations
    workspace_ui{_ALL} account_ui{_ALL} apps_runtime{_ALL} lakebase_runtime{_ALL}
    account_databricks_one{_ALL} account_api={{scopes scope_qualifier}}
    workspace_api={{scopes excluded_scopes scope_qualifier}}}}"""


def _rules(origin: str) -> str:
    rule = f"label origin={{{origin}}} authentication={{{_MATES}}} {_TO}"
    return f"restriction_mode! allow_rules=*{{{rule}}} deny_rules=*{{{rule}}}"


_PUBLIC: Final = "all_ip_ranges included_ip_ranges={ip_ranges} excluded_ip_ranges={ip_ranges}"
_PRIVATE: Final = "all_private_access all_registered_endpoints endpoints={endpoint_ids}"
_WORKSPACES: Final = "all_source_workspaces selected_workspaces={workspace_ids}"
_INGRESS: Final = f"""
    public_access={{{_rules(_PUBLIC)}}}
    private_access={{{_rules(_PRIVATE)}}}
    cross_workspace_access={{{_rules(_WORKSPACES)}}}
"""
_POLICY: Final = f"""
    network_policy_id<@key
    egress={{network_access={{restriction_mode!
        allowed_internet_destinations=*{{destination internet_destination_type}}
        blocked_internet_destinations=*{{destination internet_destination_type}}
        allowed_storage_destinations=*{{bucket_name region storage_destination_type}}
        allowed_databricks_destinations=*{{workspace_ids}}
        policy_enforcement={{enforcement_mode dry_run_mode_product_filter}}}}}}
    ingress={{{_INGRESS}}}
    ingress_dry_run={{{_INGRESS}}}
"""


def _schema(thing: Thing) -> Thing:
    state = thing.document.get("state")
    if not str(state).startswith(("ENABLE", "MANAGED")):
        raise LeftOutError("it is not enabled, and no resource says so")
    was = thing.before.get("/state")
    return replace(thing, exists=thing.exists and (was is None or str(was).startswith("ENABLE")))


def _delivery(thing: Thing) -> Thing:
    name = thing.document.get("config_name") or thing.key.removeprefix("config_name=")
    known = thing.known if thing.whole else thing.known | {("config_name",)}
    return replace(thing, document={**thing.document, "config_name": name}, known=known)


ROWS: Final[Rows] = {
    "workspace": Row(
        "databricks_mws_workspaces",
        """account_id!<@account_id workspace_name! deployment_name aws_region pricing_tier
        compute_mode credentials_id storage_configuration_id network_id
        private_access_settings_id managed_services_customer_managed_key_id
        storage_customer_managed_key_id custom_tags""",
        "workspaces",
        import_id="{account_id}/{key}",
        also="network_connectivity_config_id is_no_public_ip_enabled",
        label="workspace_name",
        marks={"workspace_id": "@key"},
    ),
    "credentials": Row(
        "databricks_mws_credentials",
        "credentials_name! role_arn!<aws_credentials.sts_role.role_arn",
        "workspaces",
        import_id="{account_id}/{key}",
        label="credentials_name",
        marks={"credentials_id": "@key"},
        also="external_id",
    ),
    "storage_configuration": Row(
        "databricks_mws_storage_configurations",
        """account_id!<@account_id storage_configuration_name!
        bucket_name!<root_bucket_info.bucket_name""",
        "workspaces",
        import_id="{account_id}/{key}",
        also="role_arn",
        label="storage_configuration_name",
        marks={"storage_configuration_id": "@key"},
    ),
    "encryption_key": Row(
        "databricks_mws_customer_managed_keys",
        "account_id!<@account_id use_cases! aws_key_info!{key_arn! key_alias}",
        "workspaces",
        import_id="{account_id}/{key}",
        marks={"customer_managed_key_id": "@key"},
    ),
    "network": Row(
        "databricks_mws_networks",
        """account_id!<@account_id network_name! vpc_id subnet_ids security_group_ids
        vpc_endpoints{rest_api! dataplane_relay!}""",
        "network",
        import_id="{account_id}/{key}",
        label="network_name",
        marks={"network_id": "@key"},
    ),
    "registered_endpoint": Row(
        "databricks_mws_vpc_endpoint",
        "account_id!<@account_id vpc_endpoint_name! aws_vpc_endpoint_id region",
        "network",
        import_id="",
        twice=True,
        label="vpc_endpoint_name",
        marks={"vpc_endpoint_id": "@key"},
    ),
    "private_access_settings": Row(
        "databricks_mws_private_access_settings",
        """account_id<@account_id private_access_settings_name! region! public_access_enabled
        private_access_level allowed_vpc_endpoint_ids""",
        "network",
        import_id="{account_id}/{key}",
        label="private_access_settings_name",
        marks={"private_access_settings_id": "@key"},
    ),
    "network_policy": Row(
        "databricks_account_network_policy",
        _POLICY,
        "network",
        marks={"network_policy_id": "@key"},
    ),
    "workspace_network_option": Row(
        "databricks_workspace_network_option",
        "workspace_id!<@key network_policy_id!",
        "network",
    ),
    "log_delivery": Row(
        "databricks_mws_log_delivery",
        """account_id!<@account_id config_name log_type! output_format! credentials_id!
        storage_configuration_id! delivery_path_prefix delivery_start_time status
        workspace_ids_filter""",
        "logs",
        import_id="",
        twice=True,
        prepare=_delivery,
        label="config_name",
        marks={"config_id": "@key"},
        comment="It can be switched off, and never deleted.",
    ),
    "system_schema": Row(
        "databricks_system_schema",
        "schema!<@second",
        "logs",
        import_id="{first}|{second}",
        prepare=_schema,
    ),
    "budget": Row(
        "databricks_budget",
        """display_name filter{tags*{key value{operator values}} workspace_id{operator values}}
        alert_configurations*{time_period trigger_type quantity_type quantity_threshold
        action_configurations*{action_type target}}""",
        "budgets",
        import_id="{account_id}|{key}",
        label="display_name",
    ),
}
"""How the account becomes resources, by kind."""
