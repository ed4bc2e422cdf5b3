"""The switches and roles outside their own families that families obey."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.state import Account, Realm, Workspace
from lakewarden.simulate.web import Caller


def conf_on(workspace: Workspace, key: str, *, default: bool) -> bool:
    """A true-or-false key of workspace-conf; ``default`` while it was never set."""
    return workspace.conf.get(key, str(default)).lower() == "true"


def setting(realm: Realm, kind: str, path: str) -> Any:
    """A value inside a typed setting (``namespace.value``), None while it was never set."""
    node: Any = realm.table("settings").get(kind, {})
    for part in path.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def legacy_dbfs_disabled(workspace: Workspace) -> bool:
    """Whether DBFS root and mounts are switched off."""
    return bool(setting(workspace, "disable_legacy_dbfs", "disable_legacy_dbfs.value"))


def legacy_access_disabled(workspace: Workspace) -> bool:
    """Whether the Hive metastore of the workspace, and what only old runtimes do, is off."""
    return bool(setting(workspace, "disable_legacy_access", "disable_legacy_access.value"))


def compliance_profile_on(workspace: Workspace) -> bool:
    """Whether the compliance security profile is enabled."""
    kind, path = "shield_csp_enablement_ws_db", "compliance_security_profile_workspace.is_enabled"
    return bool(setting(workspace, kind, path))


def personal_compute_delegated(workspace: Workspace) -> bool:
    """Whether the account leaves it to workspaces who may use Personal Compute."""
    value = setting(workspace.account, "dcp_acct_enable", "personal_compute.value")
    return bool(value == "DELEGATE")


def may_act_as(account: Account, caller: Caller, application_id: str) -> bool:
    """Whether a caller has the role Service Principal User on a service principal.

    Decided by the rule set ``accounts/{account}/servicePrincipals/{id}/ruleSets/default``; managers
    of a service principal do not inherit the role.
    """
    if caller.auth == "seed":
        return True
    name = f"accounts/{account.id}/servicePrincipals/{application_id}/ruleSets/default"
    kind = "servicePrincipals" if caller.is_service_principal else "users"
    own = {f"{kind}/{caller.name}"} | {f"groups/{group}" for group in caller.groups}
    return any(
        rule["role"] == "roles/servicePrincipal.user" and own & set(rule.get("principals", ()))
        for rule in account.table("rule-sets").get(name, {}).get("grant_rules", ())
    )
