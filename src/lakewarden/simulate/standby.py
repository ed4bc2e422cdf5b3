"""An empty workspace in another region, with a metastore of its own, to restore into.

Assigned to it is what an account assigns to a standby: the account's groups and the admins of the
first workspace. People and service principals who are in that one by themselves are not. Those of
its admins that are service principals, by which it is filled, may let jobs run as any other.
"""

from __future__ import annotations

from lakewarden.simulate.account.workspaces import make
from lakewarden.simulate.state import Account, Workspace

ID = 9100
REGION = "us-west-2"


def add_standby(account: Account, now: int) -> Workspace:
    """Add the workspace beside the first one."""
    first = next(iter(account.workspaces.values()))
    body = {"workspace_name": f"{first.name}-standby", "aws_region": REGION}
    standby = make(account, ID, body, now)
    groups = account.table("groups")
    for principal_id, entry in first.table("assignments").items():
        if principal_id in groups or "ADMIN" in entry["permissions"]:
            standby.table("assignments")[principal_id] = dict(entry)
    _assign_metastore(account, first, standby, now)
    _let_admins_act(account, standby)
    return standby


def _let_admins_act(account: Account, standby: Workspace) -> None:
    """Give its admins that are service principals the role Service Principal User on all others."""
    machines, rules = account.table("servicePrincipals"), account.table("rule-sets")
    admins = [
        f"servicePrincipals/{body['applicationId']}"
        for key, body in machines.items()
        if "ADMIN" in standby.table("assignments").get(key, {}).get("permissions", ())
    ]
    for body in machines.values():
        name = f"accounts/{account.id}/servicePrincipals/{body['applicationId']}/ruleSets/default"
        empty = {"name": name, "etag": account.ids.hex(24), "grant_rules": []}
        grants = rules.setdefault(name, empty)["grant_rules"]
        grants.append({"role": "roles/servicePrincipal.user", "principals": admins})


def _assign_metastore(account: Account, first: Workspace, standby: Workspace, now: int) -> None:
    """Give it a metastore like the first one's, if that one has any."""
    assignments, metastores = account.table("metastore-assignments"), account.table("metastores")
    held = assignments.get(str(first.id))
    if held is None:
        return
    like, metastore_id = metastores[held["metastore_id"]], account.ids.uuid()
    metastores[metastore_id] = {
        "metastore_id": metastore_id,
        "name": f"{standby.name}-{REGION}",
        "cloud": "aws",
        "region": REGION,
        "owner": like["owner"],
        "delta_sharing_scope": "INTERNAL",
        "external_access_enabled": False,
        "created_at": now,
        "created_by": like.get("created_by", like["owner"]),
        "updated_at": now,
    }
    assignments[str(standby.id)] = {
        "default_catalog_name": held["default_catalog_name"],
        "metastore_id": metastore_id,
        "workspace_id": standby.id,
    }
