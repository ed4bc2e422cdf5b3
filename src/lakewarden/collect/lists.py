"""Every kind that is one list: the path is the kind's source, the rest is this table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect import redact
from lakewarden.collect.task import Task, collects
from lakewarden.estate import (
    access,
    account,
    code,
    compute,
    machines,
    oversight,
    people,
    perimeter,
    recovery,
    storage,
    unity,
    workloads,
)
from lakewarden.estate.kind import Kind


@dataclass(frozen=True, slots=True)
class ListCall:
    """How a list is asked for, where its items are, and what of them is not kept."""

    envelope: str
    paging: Paging
    query: Mapping[str, Any] = field(default_factory=dict)
    redact: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict


NO_METASTORE: Final = "METASTORE_DOES_NOT_EXIST"
"""The code by which Unity Catalog says that a workspace has no metastore."""

_ARRAY: Final = ListCall("", Paging.ARRAY)
_PEOPLE: Final = "id,userName,displayName,applicationId,active,externalId,roles"

_UNBOUND: Final = {"max_results": 0, "include_unbound": "true"}
"""Ask for whole pages, and for what is not bound to the workspace that is asked."""

LISTS: Final[dict[Kind[Any], ListCall]] = {
    account.WORKSPACES: _ARRAY,
    account.NETWORKS: _ARRAY,
    account.PRIVATE_ACCESS: _ARRAY,
    account.REGISTERED_ENDPOINTS: _ARRAY,
    account.CREDENTIALS: _ARRAY,
    account.STORAGE_CONFIGURATIONS: _ARRAY,
    account.ENCRYPTION_KEYS: _ARRAY,
    account.LOG_DELIVERIES: ListCall("log_delivery_configurations", Paging.TOKEN),
    perimeter.NETWORK_POLICIES: ListCall("items", Paging.TOKEN),
    perimeter.SERVING_ENDPOINTS: ListCall("endpoints", Paging.ONCE),
    people.ACCOUNT_USERS: ListCall("Resources", Paging.SCIM, {"attributes": _PEOPLE}),
    people.ACCOUNT_GROUPS: ListCall("Resources", Paging.SCIM, {"attributes": f"{_PEOPLE},members"}),
    people.ACCOUNT_SERVICE_PRINCIPALS: ListCall("Resources", Paging.SCIM, {"attributes": _PEOPLE}),
    people.WORKSPACE_GROUPS: ListCall(
        "Resources", Paging.SCIM, {"attributes": "id,displayName,entitlements,members,meta"}
    ),
    people.FEDERATION_POLICIES: ListCall("policies", Paging.TOKEN),
    access.ACCOUNT_IP_LISTS: ListCall("ip_access_lists", Paging.ONCE),
    access.IP_LISTS: ListCall("ip_access_lists", Paging.ONCE),
    access.TOKENS: ListCall("token_infos", Paging.ONCE),
    machines.CUSTOM_APPS: ListCall("apps", Paging.TOKEN),
    machines.PUBLISHED_APPS: ListCall("apps", Paging.TOKEN),
    compute.CLUSTERS: ListCall("clusters", Paging.TOKEN, {"page_size": 100}, redact.cluster),
    compute.CLUSTER_POLICIES: ListCall("policies", Paging.ONCE, redact=redact.policy),
    compute.POLICY_FAMILIES: ListCall("policy_families", Paging.TOKEN),
    compute.JOBS: ListCall("jobs", Paging.TOKEN, {"limit": 100, "expand_tasks": "true"}),
    compute.NODE_TYPES: ListCall("node_types", Paging.ONCE),
    workloads.INSTANCE_POOLS: ListCall("instance_pools", Paging.ONCE),
    workloads.WAREHOUSES: ListCall("warehouses", Paging.TOKEN),
    workloads.RUNTIMES: ListCall("versions", Paging.ONCE),
    code.CLUSTER_LIBRARIES: ListCall("statuses", Paging.ONCE, redact=redact.libraries),
    code.GIT_FOLDERS: ListCall("repos", Paging.NEXT_TOKEN),
    recovery.FAILOVER_GROUPS: ListCall("failover_groups", Paging.TOKEN),
    oversight.BUDGETS: ListCall("budgets", Paging.TOKEN),
    storage.EXTERNAL_LOCATIONS: ListCall("external_locations", Paging.TOKEN, _UNBOUND),
    unity.METASTORES: ListCall("metastores", Paging.ONCE),
    unity.CATALOGS: ListCall("catalogs", Paging.TOKEN, _UNBOUND),
    unity.STORAGE_CREDENTIALS: ListCall("storage_credentials", Paging.TOKEN, _UNBOUND),
    unity.RECIPIENTS: ListCall("recipients", Paging.TOKEN, {"max_results": 0}),
}
_BY_NAME: Final = {kind.name: call for kind, call in LISTS.items()}


@collects(*LISTS)
def read_list(task: Task) -> Iterator[Any]:
    """Read a list to its end. Without a metastore there is nothing of Unity Catalog to list."""
    call = _BY_NAME[task.kind.name]
    try:
        yield from _records(task, call)
    except CallFailedError as error:
        if error.code != NO_METASTORE:
            raise


def _records(task: Task, call: ListCall) -> Iterator[Any]:
    for item in items(
        task.databricks.get,
        task.path,
        call.envelope,
        call.paging,
        query=call.query,
        trust_empty=task.trust_empty,
    ):
        yield task.record(call.redact(item))
