"""What stands in the account and in its workspaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lakewarden.estate import (
    access,
    account,
    code,
    compute,
    machines,
    oversight,
    people,
    perimeter,
    secrets,
    storage,
    unity,
    workloads,
)
from lakewarden.terraform.write.standing.pick import Pick, Seen, as_is
from lakewarden.terraform.write.thing import Thing

_MADE_BY_PEOPLE: Final = frozenset({"UI", "API"})
_MESSAGES: Final = {
    "allowedAppsUserApiScopes": ("allowed_apps_user_api_scopes", "allowed_scopes"),
    "collaboration_platform_connectivity": ("collaboration_platform_connectivity", "connectivity"),
}
"""Where settings of the second version have their value that are of no simple type."""
_OWN_CATALOGS: Final = frozenset({"MANAGED_CATALOG"})


def _assignments(seen: Seen) -> Iterator[Thing]:
    for entry in seen.document.get("permission_assignments") or ():
        principal = str(entry["principal"]["principal_id"])
        called = [seen.around.get(one, one) for one in (seen.identity, principal)]
        key, permissions = f"{seen.identity}/{principal}", entry["permissions"]
        yield seen.thing("workspace_assignment", key, " ".join(called), permissions=permissions)


def _option(seen: Seen) -> Iterator[Thing]:
    called = seen.around.get(seen.identity, seen.identity)
    yield seen.thing("workspace_network_option", name=called)


def _setting(kind: str) -> Any:
    def things(seen: Seen) -> Iterator[Thing]:
        if seen.document.get("value") is not None:
            yield seen.thing(kind)

    return things


def _version_two(seen: Seen) -> Iterator[Thing]:
    value = seen.document.get("value")
    usual = "boolean_val" if isinstance(value, bool) else "string_val"
    message, field = _MESSAGES.get(seen.identity, (usual, "value"))
    if value is not None:
        thing = seen.thing("workspace_setting_v2")
        document, known = {message: {field: value}}, frozenset({(message,)})
        yield replace(thing, document=document, known=known)


def _permissions(path: str) -> Any:
    def things(seen: Seen) -> Iterator[Thing]:
        called = f"{path.rpartition('/')[2]} {seen.around.get(seen.identity, seen.identity)}"
        yield seen.thing("permissions", f"{path}/{seen.identity}", called)

    return things


def _scope(seen: Seen) -> Iterator[Thing]:
    yield seen.thing("secret_scope")
    for entry in seen.document.get("items") or ():
        key = f"{seen.identity}/{entry['principal']}"
        called = f"{seen.identity} {seen.around.get(entry['principal'], entry['principal'])}"
        yield seen.thing("secret_acl", key, called, permission=entry["permission"])


def _schema(seen: Seen) -> Iterator[Thing]:
    state = str(seen.document.get("state"))
    metastore = seen.around.get(f"metastore of {seen.scope}")
    if metastore and state.startswith("ENABLE"):
        yield seen.thing("system_schema", f"{metastore}/{seen.identity}", seen.identity)


def _allow_list(seen: Seen) -> Iterator[Thing]:
    metastore = seen.around.get(f"metastore of {seen.scope}")
    if metastore and seen.document.get("artifact_matchers"):
        yield seen.thing("artifact_allowlist", metastore_id=metastore)


def _bindings(seen: Seen) -> Iterator[Thing]:
    yield seen.thing("workspace_bindings", f"catalog/{seen.identity}", seen.identity)


def _grants(seen: Seen) -> Iterator[Thing]:
    if seen.document.get("privilege_assignments"):
        yield seen.thing("grants", f"metastore/{seen.identity}", f"metastore {seen.identity}")


def _assigned(seen: Seen) -> Iterator[Thing]:
    metastore = seen.document.get("metastore_id")
    if metastore:
        called = seen.around.get(seen.identity, seen.identity)
        yield Thing(
            "metastore_assignment", "account", seen.identity, called, seen.document, seen.known
        )


def _is_entitled(seen: Seen) -> bool:
    """Return whether a group has rights to speak of; admins have them all."""
    name = seen.document.get("displayName")
    return name == "users" or (name != "admins" and bool(seen.document.get("entitlements")))


def _key(seen: Seen) -> Iterator[Thing]:
    alias = (seen.document.get("aws_key_info") or {}).get("key_alias") or seen.identity
    yield seen.thing("encryption_key", name=str(alias).removeprefix("alias/"))


def _own_lists(seen: Seen) -> Iterator[Thing]:
    yield seen.thing("ip_access_list", name=str(seen.document.get("label") or seen.identity))


ACCOUNT: Final = (
    Pick(account.WORKSPACES, as_is("workspace", "workspace_name")),
    Pick(account.CREDENTIALS, as_is("credentials", "credentials_name")),
    Pick(
        account.STORAGE_CONFIGURATIONS,
        as_is("storage_configuration", "storage_configuration_name"),
    ),
    Pick(account.ENCRYPTION_KEYS, _key),
    Pick(account.NETWORKS, as_is("network", "network_name")),
    Pick(account.REGISTERED_ENDPOINTS, as_is("registered_endpoint", "vpc_endpoint_name")),
    Pick(account.PRIVATE_ACCESS, as_is("private_access_settings", "private_access_settings_name")),
    Pick(account.LOG_DELIVERIES, as_is("log_delivery", "config_name")),
    Pick(account.WORKSPACE_NETWORK, _option),
    Pick(perimeter.NETWORK_POLICIES, as_is("network_policy")),
    Pick(access.ACCOUNT_SETTINGS, _setting("account_setting")),
    Pick(access.ACCOUNT_IP_LISTS, _own_lists),
    Pick(people.RULE_SETS, as_is("rule_set")),
    Pick(people.FEDERATION_POLICIES, as_is("federation_policy")),
    Pick(people.PERMISSION_ASSIGNMENTS, _assignments),
    Pick(machines.CUSTOM_APPS, as_is("custom_app_integration", "name")),
    Pick(machines.PUBLISHED_APPS, as_is("published_app_integration", "name")),
    Pick(oversight.BUDGETS, as_is("budget", "display_name")),
    Pick(unity.METASTORES, as_is("metastore", "name")),
)
"""The records of the account that become things."""
WORKSPACE: Final = (
    Pick(access.WORKSPACE_CONF, _setting("workspace_conf")),
    Pick(access.WORKSPACE_SETTINGS, _setting("workspace_setting")),
    Pick(access.WORKSPACE_SETTINGS_V2, _version_two),
    Pick(access.IP_LISTS, _own_lists),
    Pick(access.AUTHORIZATION, _permissions("authorization")),
    Pick(access.SECRET_SCOPES, _scope),
    Pick(people.WORKSPACE_GROUPS, as_is("entitlements", "displayName", when=_is_entitled)),
    Pick(
        compute.CLUSTERS,
        as_is(
            "cluster",
            "cluster_name",
            when=lambda seen: seen.document.get("cluster_source") in _MADE_BY_PEOPLE,
        ),
    ),
    Pick(
        compute.CLUSTER_POLICIES,
        as_is("cluster_policy", "name", when=lambda seen: not seen.document.get("is_default")),
    ),
    Pick(compute.JOBS, as_is("job", "settings.name")),
    Pick(secrets.PIPELINE_SETTINGS, as_is("pipeline", "name")),
    Pick(secrets.INIT_SCRIPTS, as_is("global_init_script", "name")),
    Pick(workloads.INSTANCE_POOLS, as_is("instance_pool", "instance_pool_name")),
    Pick(workloads.WAREHOUSES, as_is("warehouse", "name")),
    Pick(workloads.WAREHOUSE_CONFIG, as_is("warehouse_config")),
    Pick(access.JOB_PERMISSIONS, _permissions("jobs")),
    Pick(workloads.CLUSTER_PERMISSIONS, _permissions("clusters")),
    Pick(workloads.POLICY_PERMISSIONS, _permissions("cluster-policies")),
    Pick(workloads.POOL_PERMISSIONS, _permissions("instance-pools")),
    Pick(workloads.WAREHOUSE_PERMISSIONS, _permissions("warehouses")),
    Pick(code.ARTIFACT_ALLOW_LISTS, _allow_list),
    Pick(oversight.SYSTEM_SCHEMAS, _schema),
    Pick(
        unity.CATALOGS,
        as_is("catalog", when=lambda seen: seen.document.get("catalog_type") in _OWN_CATALOGS),
    ),
    Pick(storage.EXTERNAL_LOCATIONS, as_is("external_location")),
    Pick(unity.STORAGE_CREDENTIALS, as_is("storage_credential")),
    Pick(unity.RECIPIENTS, as_is("recipient")),
    Pick(unity.CATALOG_BINDINGS, _bindings),
    Pick(unity.METASTORE_GRANTS, _grants),
    Pick(unity.METASTORE_ASSIGNMENTS, _assigned),
)
"""The records of a workspace that become things."""
