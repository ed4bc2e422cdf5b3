"""Who is who: principals, groups, admins and entitlements, on the account and on a workspace.

Principals live in the account's tables ``users``, ``servicePrincipals`` and ``groups``, in SCIM
shape. A workspace keeps an *assignment* for each principal that may enter (table ``assignments``:
``ADMIN`` or ``USER``), the entitlements given to it there (table ``entitlements``) and its own
groups (table ``groups``). The members of the system groups ``admins`` and ``users`` follow from the
assignments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from lakewarden.simulate.state import Account, Json, Workspace
from lakewarden.simulate.web import Caller

KINDS = ("users", "servicePrincipals", "groups")
NAMES = {"users": "userName", "servicePrincipals": "applicationId", "groups": "displayName"}
ACL_KEYS = {
    "users": "user_name",
    "groups": "group_name",
    "servicePrincipals": "service_principal_name",
}
"""How entries of access lists name a principal of a kind."""

SYSTEM_GROUPS = {
    "admins": (
        "allow-cluster-create",
        "allow-instance-pool-create",
        "databricks-sql-access",
        "workspace-access",
    ),
    "users": ("databricks-sql-access", "workspace-access"),
}


def find(account: Account, principal_id: str) -> tuple[str, Json] | None:
    """The kind (a table's name) and body of an account principal."""
    for kind in KINDS:
        body = account.table(kind).get(principal_id)
        if body is not None:
            return kind, body
    return None


def named(account: Account, name: str) -> tuple[str, Json] | None:
    """The principal with a user name, application id, group name or, failing that, display name."""
    wanted = name.lower()
    kind, principal_id = account.names.get(wanted, ("", ""))
    body = account.table(kind).get(principal_id) if kind else None
    if body is not None and body.get(NAMES[kind], "").lower() == wanted:
        return kind, body
    for kind in KINDS:
        for body in account.table(kind).values():
            if body.get(NAMES[kind], "").lower() == wanted:
                account.names[wanted] = kind, body["id"]
                return kind, body
    for body in account.table("servicePrincipals").values():
        if body.get("displayName") == name:
            return "servicePrincipals", body
    return None


def name_of(account: Account, principal_id: str) -> str:
    """The name by which APIs speak of a principal; the id itself when it is gone."""
    found = find(account, principal_id)
    return found[1][NAMES[found[0]]] if found else principal_id


def member_ids(group: Json) -> list[str]:
    """The ids of a group's direct members."""
    return [member["value"] for member in group.get("members", [])]


def parents(groups: Iterable[Json]) -> dict[str, list[Json]]:
    """For each member id, the groups that contain it directly."""
    above: defaultdict[str, list[Json]] = defaultdict(list)
    for group in groups:
        for member in member_ids(group):
            above[member].append(group)
    return above


def ancestors(above: dict[str, list[Json]], principal_id: str) -> dict[str, Json]:
    """Every group that contains a principal, nested ones included, by id."""
    found: dict[str, Json] = {}
    waiting = [principal_id]
    while waiting:
        for group in above.get(waiting.pop(), ()):
            if group["id"] not in found:
                found[group["id"]] = group
                waiting.append(group["id"])
    return found


def account_groups(account: Account, principal_id: str) -> dict[str, Json]:
    """The account groups of a principal, nested ones included, by id."""
    return ancestors(parents(account.table("groups").values()), principal_id)


def is_account_admin(account: Account, principal_id: str) -> bool:
    """Whether a principal has the role ``account_admin``, itself or through a group."""
    found = find(account, principal_id)
    holders = [*account_groups(account, principal_id).values(), *([found[1]] if found else [])]
    return any(
        role["value"] == "account_admin" for holder in holders for role in holder.get("roles", [])
    )


def local_groups(workspace: Workspace) -> list[Json]:
    """The workspace's own groups, with the members of ``admins`` and ``users`` filled in."""
    assigned = workspace.table("assignments")
    admins = [key for key, entry in assigned.items() if "ADMIN" in entry["permissions"]]
    members = {"admins": admins, "users": list(assigned)}
    groups = []
    for group in workspace.table("groups").values():
        ids = members.get(group["displayName"])
        if ids is None:
            groups.append(group)
        else:
            groups.append(group | {"members": [reference(workspace.account, i) for i in ids]})
    return groups


def reference(account: Account, principal_id: str, workspace: Workspace | None = None) -> Json:
    """A SCIM member entry for a principal, or for a group of a workspace's own."""
    found = find(account, principal_id)
    if found is None and workspace and principal_id in workspace.table("groups"):
        found = "groups", workspace.table("groups")[principal_id]
    kind, body = found or ("users", {})
    resource = kind[0].upper() + kind[1:]
    display = body.get("displayName") or body.get("userName") or principal_id
    return {"value": principal_id, "display": display, "$ref": f"{resource}/{principal_id}"}


def groups_on(workspace: Workspace, principal_id: str) -> dict[str, Json]:
    """Every group of a principal that counts on a workspace, by id; empty for outsiders."""
    local = workspace.table("groups")
    found = ancestors(
        parents([*workspace.account.table("groups").values(), *local.values()]), principal_id
    )
    assigned = workspace.table("assignments")
    permissions = [
        assigned[key]["permissions"] for key in (principal_id, *found) if key in assigned
    ]
    for group in local.values():
        everybody = group["displayName"] == "users" and permissions
        admins = group["displayName"] == "admins" and ["ADMIN"] in permissions
        if everybody or admins:
            found[group["id"]] = group
    return found


def is_member(workspace: Workspace, principal_id: str) -> bool:
    """Whether a principal may enter a workspace, itself or through a group."""
    assigned = workspace.table("assignments")
    return principal_id in assigned or any(
        group_id in assigned for group_id in account_groups(workspace.account, principal_id)
    )


def members(workspace: Workspace) -> list[str]:
    """The ids of every principal that may enter a workspace, through groups too; each once."""
    groups = workspace.account.table("groups")
    found = dict.fromkeys(workspace.table("assignments"))
    waiting = [principal_id for principal_id in found if principal_id in groups]
    while waiting:
        for principal_id in member_ids(groups[waiting.pop()]):
            if principal_id not in found:
                found[principal_id] = None
                waiting += [principal_id] if principal_id in groups else []
    return list(found)


def is_active(account: Account, workspace: Workspace | None, principal: Json) -> bool:
    """Whether a principal may sign in: not deactivated on the account, nor on the workspace."""
    kept = find(account, principal["id"])
    inactive = workspace.table("inactive") if workspace else {}
    return bool(kept and kept[1].get("active", True)) and principal["id"] not in inactive


def entitlements(workspace: Workspace, principal_id: str) -> set[str]:
    """The entitlements that a principal has on a workspace, through its groups too."""
    given = workspace.table("entitlements")
    holders = [principal_id, *groups_on(workspace, principal_id)]
    return {value for holder in holders for value in given.get(holder, {}).get("values", ())}


def entitled(workspace: Workspace, caller: Caller, entitlement: str) -> bool:
    """Whether a caller has an entitlement (``allow-cluster-create`` and so on); admins have all."""
    return caller.admin or entitlement in entitlements(workspace, caller.id)


def exists_on(workspace: Workspace, kind: str, name: str) -> bool:
    """Whether a principal of a kind (a table's name) can be named in a workspace's access lists."""
    if kind == "groups" and any(
        group["displayName"] == name for group in workspace.table("groups").values()
    ):
        return True
    key = NAMES[kind]
    return any(
        body.get(key) == name and is_member(workspace, body["id"])
        for body in workspace.account.table(kind).values()
    )


def admins_restricted(workspace: Workspace) -> bool:
    """Whether ``restrict_workspace_admins`` keeps admins from acting as somebody else."""
    setting = workspace.table("settings").get("restrict_workspace_admins", {})
    status = setting.get("restrict_workspace_admins", {}).get("status")
    return bool(status == "RESTRICT_TOKENS_AND_JOB_RUN_AS")


def make_system_groups(workspace: Workspace) -> None:
    """Give a new workspace its groups ``admins`` and ``users``."""
    for name, values in SYSTEM_GROUPS.items():
        group_id = str(workspace.account.ids.number())
        workspace.table("groups")[group_id] = {
            "id": group_id,
            "displayName": name,
            "meta": {"resourceType": "WorkspaceGroup"},
        }
        workspace.table("entitlements")[group_id] = {"values": list(values)}


def caller(
    account: Account,
    workspace: Workspace | None,
    principal_id: str,
    address: str,
    *,
    auth: str = "oauth",
    token_id: str | None = None,
) -> Caller:
    """The caller behind a principal on a persona.

    Raises:
        LookupError: when the principal is gone.
    """
    found = find(account, principal_id)
    if found is None:
        raise LookupError(principal_id)
    kind, body = found
    if workspace is None:
        groups = account_groups(account, principal_id)
        admin = is_account_admin(account, principal_id)
    else:
        groups = groups_on(workspace, principal_id)
        admin = any(
            group["displayName"] == "admins" and group["id"] in workspace.table("groups")
            for group in groups.values()
        )
    return Caller(
        principal=body,
        id=principal_id,
        name=body[NAMES[kind]],
        is_service_principal=kind == "servicePrincipals",
        groups=frozenset(group["displayName"] for group in groups.values()),
        admin=admin,
        address=address,
        auth=auth,
        token_id=token_id,
    )
