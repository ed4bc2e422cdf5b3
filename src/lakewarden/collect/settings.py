"""The settings surfaces: workspace-conf, typed settings, settings v2, authorization ACLs.

A setting that nobody ever set has the value None. The typed API says so with a 404 that carries
an etag; a 404 without one is a failed call like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.task import Task, collects
from lakewarden.estate.access import (
    ACCOUNT_SETTINGS,
    AUTHORIZATION,
    WORKSPACE_CONF,
    WORKSPACE_SETTINGS,
    WORKSPACE_SETTINGS_V2,
)
from lakewarden.estate.fact import Cause
from lakewarden.estate.record import hollow

FIELDS: Final = {
    "acct_ip_acl_enable": "acct_ip_acl_enable.value",
    "aibi_dash_embed_ws_acc_policy": "aibi_dashboard_embedding_access_policy.access_policy_type",
    "automatic_cluster_update": "automatic_cluster_update_workspace.enabled",
    "dashboard_email_subscriptions": "boolean_val.value",
    "dcp_acct_enable": "personal_compute.value",
    "default_namespace_ws": "namespace.value",
    "disable_legacy_access": "disable_legacy_access.value",
    "disable_legacy_dbfs": "disable_legacy_dbfs.value",
    "disable_legacy_features": "disable_legacy_features.value",
    "enable-export-notebook": "boolean_val.value",
    "enable-notebook-table-clipboard": "boolean_val.value",
    "enable-results-downloading": "boolean_val.value",
    "llm_proxy_partner_powered": "boolean_val.value",
    "llm_proxy_partner_powered_enforce": "boolean_val.value",
    "restrict_workspace_admins": "restrict_workspace_admins.status",
    "shield_csp_enablement_ac": "csp_enablement_account.is_enforced",
    "shield_csp_enablement_ws_db": "compliance_security_profile_workspace.is_enabled",
    "shield_esm_enablement_ac": "esm_enablement_account.is_enforced",
    "shield_esm_enablement_ws_db": "enhanced_security_monitoring_workspace.is_enabled",
    "sql_results_download": "boolean_val.value",
}
"""Where the answer of a typed setting holds its value."""

_VALUES: Final = (
    *("value", "status", "enabled", "is_enabled", "access_policy_type", "allowed_scopes"),
    "connectivity",
)
"""Where the messages of settings v2 hold their value."""

_INVALID_KEYS: Final = re.compile(r"Invalid keys: \[(.*)")


@collects(WORKSPACE_CONF)
def conf(task: Task) -> Iterator[Any]:
    """Read workspace-conf keys in one call; keys that the service does not know are dropped."""
    keys = list(task.keys)
    unknown: list[str] = []
    while keys:
        try:
            answer = task.databricks.get(task.path, {"keys": ",".join(keys)})
        except CallFailedError as error:
            refused = [key for key in _refused(error) if key in keys]
            if not refused:
                raise
            unknown += refused
            keys = [key for key in keys if key not in refused]
            continue
        if not isinstance(answer, Mapping):
            raise CallFailedError(Cause.MALFORMED, "the answer is not an object")
        for key in keys:
            yield task.record({"key": key, "value": answer.get(key)})
        break
    for key in unknown:
        gap = task.kind.gap(Cause.NOT_FOUND, f"this workspace does not know the key {key}")
        yield hollow(task.kind.record, {"name": key}, gap)


def _refused(error: CallFailedError) -> list[str]:
    """Return the keys that an error names; its text may end before the last of them."""
    found = _INVALID_KEYS.search(error.detail)
    return re.findall(r'"([^"]+)"', found[1]) if found else []


@collects(WORKSPACE_SETTINGS, ACCOUNT_SETTINGS)
def typed(task: Task) -> Iterator[Any]:
    """Read typed settings, one call each."""
    yield from task.fan_out(lambda key: _one(task, key, FIELDS[key]), task.keys)


@collects(WORKSPACE_SETTINGS_V2)
def version_two(task: Task) -> Iterator[Any]:
    """Read settings v2: the effective value decides, the set one where none is given."""
    yield from task.fan_out(lambda key: _one(task, key, ""), task.keys)


def _one(task: Task, key: str, path: str) -> Any:
    try:
        answer = task.databricks.get(task.path.replace("{key}", key))
    except CallFailedError as error:
        if error.etag and error.cause is Cause.NOT_FOUND:
            return task.record({"name": key, "value": None}, key)
        return hollow(task.kind.record, {"name": key}, task.gap(error, key))
    value = _dig(answer, path) if path else _effective(answer)
    if value is None:
        field = path or "effective value"
        gap = task.kind.gap(Cause.MISSING_FIELD, f"no {field} in the answer", key)
        return hollow(task.kind.record, {"name": key}, gap)
    return task.record({"name": key, "value": value}, key)


def _effective(answer: Any) -> Any:
    fields: Mapping[str, Any] = answer if isinstance(answer, Mapping) else {}
    effective = [inner for name, inner in fields.items() if name.startswith("effective_")]
    for message in effective or fields.values():
        for field in _VALUES:
            value = _dig(message, field)
            if value is not None:
                return value
    return None


def _dig(answer: Any, path: str) -> Any:
    for step in path.split("."):
        answer = answer.get(step) if isinstance(answer, Mapping) else None
    return answer


@collects(AUTHORIZATION)
def authorization(task: Task) -> Iterator[Any]:
    """Read who may use tokens or passwords, one call each."""

    def one(key: str) -> Any:
        try:
            answer = task.databricks.get(task.path.replace("{key}", key))
        except CallFailedError as error:
            return hollow(task.kind.record, {"id": key}, task.gap(error, key))
        if not isinstance(answer, Mapping):
            gap = task.kind.gap(Cause.MALFORMED, "the answer is not an object", key)
            return hollow(task.kind.record, {"id": key}, gap)
        return task.record({**answer, "id": key, "name": key}, key)

    yield from task.fan_out(one, task.keys)
