"""Who may come in, and who may do what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.terraform.write.rows import Choice, Row, Rows, never, renamed
from lakewarden.terraform.write.thing import LeftOutError, Thing

_OBJECTS: Final = {
    "authorization": "authorization",
    "clusters": "cluster_id",
    "cluster-policies": "cluster_policy_id",
    "instance-pools": "instance_pool_id",
    "jobs": "job_id",
    "pipelines": "pipeline_id",
    "sql/warehouses": "sql_endpoint_id",
    "warehouses": "sql_endpoint_id",
}
"""The argument that names an object, by its type in the API."""
_LIST: Final = "access_control_list"
_PRINCIPALS: Final = ("user_name", "group_name", "service_principal_name")
_KEPT: Final = "authorization/passwords"
"""The only object of which the provider lets anybody say what admins may do."""
_ADMINS: Final = "The provider itself adds what the group `admins` may do."


def _permissions(thing: Thing) -> Thing:
    kind, _, identity = thing.key.rpartition("/")
    if kind not in _OBJECTS:
        raise LeftOutError(f"permissions on {kind} are not written")
    entries = [e for e in _entries(thing.document.get(_LIST) or ()) if _is_said(e, thing.key)]
    if not entries:
        raise LeftOutError("the provider takes no list that grants nothing beside the admins")
    kind_shown = "sql/warehouses" if kind == "warehouses" else kind
    document = {_OBJECTS[kind]: identity, _LIST: entries, "object": f"{kind_shown}/{identity}"}
    return renamed(
        thing, document, [*_OBJECTS.values(), *([_LIST] if _LIST in thing.document else [])]
    )


def _entries(given: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one entry a principal and level, whichever way the list says it."""
    for entry in given:
        who = {name: entry[name] for name in _PRINCIPALS if entry.get(name)}
        levels = entry.get("all_permissions") or [entry]
        for held in levels:
            if not held.get("inherited"):
                yield {**who, "permission_level": held["permission_level"]}


def _is_said(entry: Mapping[str, Any], key: str) -> bool:
    return key == _KEPT or entry.get("group_name") != "admins"


def _account_list(thing: Thing) -> Row:
    if thing.scope == "account":
        raise LeftOutError("the provider has no resource for lists of the account console")
    return _IP_LIST


_IP_LIST: Final = Row(
    "databricks_ip_access_list",
    "label! list_type! ip_addresses! enabled",
    "access",
    label="label",
)


def _role(thing: Thing) -> str:
    taken = any(place.startswith("/roles") for place in thing.before)
    return "a role that is taken away is no resource" if taken else ""


def _bindings(thing: Thing) -> Iterator[Thing]:
    kind, name = thing.parts
    for entry in thing.document.get("bindings") or ():
        workspace = str(entry["workspace_id"])
        yield replace(
            thing,
            name=f"{name}_{workspace}",
            document={**entry, "securable_type": kind, "securable_name": name},
            known=frozenset({()}),
            exists=thing.exists and _was_bound(thing, workspace),
        )


def _was_bound(thing: Thing, workspace: str) -> bool:
    """Return whether a workspace was bound before the change."""
    for place, value in thing.before.items():
        if place == "/bindings":
            return workspace in {str(entry["workspace_id"]) for entry in value or ()}
        if place.endswith(f"[workspace_id={workspace}]"):
            return value is not None
    return True


_GRANTS: Final = "privilege_assignments"


def _grants(thing: Thing) -> Thing:
    kind, name = thing.parts
    if not thing.document.get(_GRANTS):
        raise LeftOutError("the provider takes no list that grants nothing")
    return renamed(thing, {**thing.document, kind: name}, [kind, *thing.document])


def _entitled(thing: Thing) -> Thing:
    if not thing.whole and ("entitlements",) not in thing.known:
        raise LeftOutError("what else the group is entitled to is not known")
    held = {entry["value"] for entry in thing.document.get("entitlements") or ()}
    said = {name.replace("-", "_"): name in held for name in _ENTITLEMENTS}
    return renamed(thing, said, said)


_ENTITLEMENTS: Final = (
    *("allow-cluster-create", "allow-instance-pool-create"),
    *("databricks-sql-access", "workspace-access", "workspace-consume"),
)

ROWS: Final[Rows] = {
    "ip_access_list": Choice((_IP_LIST,), _account_list),
    "permissions": Row(
        "databricks_permissions",
        " ".join(dict.fromkeys(_OBJECTS.values()))
        + f" access_control*!<{_LIST}{{{' '.join(_PRINCIPALS)} permission_level!}}",
        "permissions",
        import_id="/{object}",
        prepare=_permissions,
        comment=_ADMINS,
    ),
    "secret_acl": Row(
        "databricks_secret_acl",
        "scope!<@first principal!<@second permission!",
        "secrets",
        import_id="{first}|||{second}",
    ),
    "secret_scope": Row(
        "databricks_secret_scope",
        "name!<@key",
        "secrets",
        also="initial_manage_principal",
        marks={"name": "@key"},
    ),
    "rule_set": Row(
        "databricks_access_control_rule_set",
        "name!<@key grant_rules*{role! principals}",
        "people",
        import_id="",
        comment="It cannot be imported: the first apply writes it as it is here.",
    ),
    "workspace_assignment": Row(
        "databricks_mws_permission_assignment",
        "workspace_id!<@first principal_id!<@second permissions!",
        "people",
        import_id="{first}|{second}",
    ),
    "entitlements": Row(
        "databricks_entitlements",
        "group_id!<@key " + " ".join(name.replace("-", "_") for name in _ENTITLEMENTS),
        "people",
        import_id="group/{key}",
        prepare=_entitled,
    ),
    "account_user": Row(
        "databricks_user",
        "user_name!<@name active",
        "people",
        also="display_name external_id force allow_cluster_create allow_instance_pool_create "
        "databricks_sql_access workspace_access workspace_consume home repos",
        refuse=_role,
    ),
    "account_service_principal": never(
        "what changes of it is a role, which no resource takes away"
    ),
    "account_group": never("what changes of it is a role, which no resource takes away"),
    "custom_app_integration": Row(
        "databricks_custom_app_integration",
        """name redirect_urls confidential scopes user_authorized_scopes
        token_access_policy{access_token_ttl_in_minutes refresh_token_ttl_in_minutes
        absolute_session_lifetime_in_minutes enable_single_use_refresh_tokens}""",
        "access",
        label="name",
    ),
    "published_app_integration": never("the provider has no resource for partners' OAuth apps"),
    "federation_policy": Row(
        "databricks_account_federation_policy",
        "policy_id<@key description oidc_policy={issuer audiences subject subject_claim "
        "jwks_json jwks_uri}",
        "people",
        label="policy_id",
    ),
    "workspace_bindings": Row(
        "databricks_workspace_binding",
        "workspace_id! securable_type securable_name binding_type",
        "catalog",
        import_id="{workspace_id}|{securable_type}|{securable_name}",
        split=_bindings,
    ),
    "grants": Row(
        "databricks_grants",
        "metastore catalog schema external_location storage_credential share "
        "grant*!<privilege_assignments{principal! privileges!}",
        "catalog",
        import_id="{key}",
        prepare=_grants,
    ),
}
"""How access becomes resources, by kind."""
