"""Resources that say who may come in and with what: settings, lists, tokens, permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.collect.settings import FIELDS
from lakewarden.estate import access, people, workloads
from lakewarden.estate.kind import Kind
from lakewarden.terraform.entries import Entry, Reader, Source, same
from lakewarden.terraform.values import Part, Unsaid

_ACCOUNT_SETTINGS: Final = frozenset({"disable_legacy_features"})
_OBJECTS: Final[Mapping[str, Kind[Any]]] = {
    "job_id": access.JOB_PERMISSIONS,
    "cluster_id": workloads.CLUSTER_PERMISSIONS,
    "cluster_policy_id": workloads.POLICY_PERMISSIONS,
    "instance_pool_id": workloads.POOL_PERMISSIONS,
    "sql_endpoint_id": workloads.WAREHOUSE_PERMISSIONS,
}
"""The objects whose permissions are judged, by the attribute that names one."""
_GRANTEES: Final = ("user_name", "group_name", "service_principal_name")
_ENTITLEMENTS: Final = {
    "allow_cluster_create": "allow-cluster-create",
    "allow_instance_pool_create": "allow-instance-pool-create",
    "databricks_sql_access": "databricks-sql-access",
    "workspace_access": "workspace-access",
    "workspace_consume": "workspace-consume",
}
_SOMEBODY: Final = "(somebody that the plan does not name)"
_OTHERS: Final = [{"principal": _SOMEBODY, "permission": "MANAGE"}]
_NEVER: Final = -1
_VALUES: Final = (
    *("value", "status", "enabled", "is_enabled", "access_policy_type", "allowed_scopes"),
    "connectivity",
)
"""Where the messages of settings v2 hold their value."""


def _conf(source: Source) -> Iterator[Entry]:
    """One entry a key; a key whose value is not known yet has one too."""
    values = source.resource.values.get("custom_config") or {}
    unknown = source.resource.unknown.get("custom_config")
    later = unknown if isinstance(unknown, Mapping) else {}
    for key in {*values, *later}:
        value = Unsaid.LATER if later.get(key) is True else values.get(key)
        yield Entry(access.WORKSPACE_CONF, {"key": key, "value": value})


def _setting(kind: Kind[Any], key: str, path: str) -> Reader:
    def reader(source: Source) -> Iterator[Entry]:
        yield Entry(kind, {"name": key, "value": source.get(path)})

    return reader


def _typed_settings() -> Iterator[tuple[str, Reader]]:
    """Yield the resources of typed settings, which are called after the block of their value."""
    for key, path in FIELDS.items():
        block = path.partition(".")[0]
        name = "default_namespace" if block == "namespace" else block
        account = key in _ACCOUNT_SETTINGS
        kind = access.ACCOUNT_SETTINGS if account else access.WORKSPACE_SETTINGS
        if not path.startswith("boolean_val"):
            yield f"databricks_{name}_setting", _setting(kind, key, path)


def _setting_v2(source: Source) -> Iterator[Entry]:
    """A setting by the newer API; its value is in the one message that is set."""
    attributes = source.resource.values
    for message, value in attributes.items():
        if isinstance(value, Mapping) and not message.startswith(("effective_", "provider_")):
            for field in _VALUES:
                if value.get(field) is not None:
                    found = source.get(f"{message}.{field}")
                    fields = {"name": attributes.get("name"), "value": found}
                    yield Entry(access.WORKSPACE_SETTINGS_V2, fields)


def _token(source: Source) -> Iterator[Entry]:
    """A token; one that is not made yet begins when the plan was made.

    Without a lifetime the workspace's own maximum decides, which the plan does not know.
    """
    yield from _lasting(source, Unsaid.LATER)


def _obo_token(source: Source) -> Iterator[Entry]:
    """A token of a service principal, which without a lifetime is valid for ever."""
    yield from _lasting(source, _NEVER)


def _lasting(source: Source, endless: Any) -> Iterator[Entry]:
    [entry] = same(access.TOKENS)(source)
    created, expiry = entry.fields["creation_time"], entry.fields["expiry_time"]
    lifetime = source.one("lifetime_seconds")
    if source.resource.get("id") is Unsaid.LATER:
        created = source.now
        expiry = source.now + lifetime * 1000 if isinstance(lifetime, int) else Unsaid.LATER
    if lifetime is None and isinstance(expiry, Unsaid):
        expiry = endless
    times = {"creation_time": created, "expiry_time": expiry}
    yield Entry(access.TOKENS, {**entry.fields, **times})


def _permissions(source: Source) -> Iterator[Entry]:
    """All permissions on one object: the resource replaces whatever else was granted."""
    acl = [_grantee(block) for block in source.blocks("access_control")]
    whole: Any = acl or Unsaid.LATER
    key = source.one("authorization")
    if isinstance(key, str):
        fields = {"id": key, "name": key, "owner": None, "access_control_list": whole}
        yield Entry(access.AUTHORIZATION, fields)
    for attribute, kind in _OBJECTS.items():
        thing = source.one(attribute)
        if thing is not None and not isinstance(thing, Unsaid):
            shown = {"name": source.resource.address} if _is_made_up(thing) else {}
            yield Entry(kind, {"id": str(thing), "access_control_list": whole, **shown})


def _is_made_up(thing: Any) -> bool:
    return isinstance(thing, int) and thing < 0


def _grantee(block: Source) -> dict[str, Any]:
    names = {name: block.one(name) or "" for name in _GRANTEES}
    known = {n: _SOMEBODY if isinstance(v, Unsaid) else str(v) for n, v in names.items()}
    return {**known, "all_permissions": [{"permission_level": block.one("permission_level")}]}


def _scope(source: Source) -> Iterator[Entry]:
    """A secret scope, managed at first by who makes it, or by everybody."""
    first = source.one("initial_manage_principal") or _SOMEBODY
    yield _granted(source.one("name"), first, "MANAGE")


def _secret_acl(source: Source) -> Iterator[Entry]:
    """One grant on a secret scope, beside others that the plan need not know of."""
    entry = _granted(source.one("scope"), source.one("principal"), source.one("permission"))
    others = [*entry.fields["items"].value, *_OTHERS]
    yield Entry(entry.kind, {**entry.fields, "items": Part(others, _OTHERS)})


def _granted(scope: Any, principal: Any, permission: Any) -> Entry:
    said = [{"principal": principal, "permission": permission}]
    known = not any(isinstance(v, Unsaid) for v in (principal, permission))
    return Entry(
        access.SECRET_SCOPES, {"name": scope, "items": Part(said if known else [], _OTHERS)}
    )


def _entitled(source: Source, identity: Any, **more: Any) -> Entry:
    """What a group is entitled to, beside what the plan need not know of."""
    held = [
        {"value": name}
        for attribute, name in _ENTITLEMENTS.items()
        if source.one(attribute) is True
    ]
    return Entry(people.WORKSPACE_GROUPS, {"id": identity, "entitlements": Part(held), **more})


def _group(source: Source) -> Iterator[Entry]:
    yield _entitled(source, source.name(), displayName=source.one("display_name"))


def _entitlements(source: Source) -> Iterator[Entry]:
    yield _entitled(source, source.one("group_id"))


ACCESS: Final[Mapping[str, Reader]] = {
    "databricks_workspace_conf": _conf,
    "databricks_workspace_setting_v2": _setting_v2,
    "databricks_ip_access_list": same(access.IP_LISTS, "id"),
    "databricks_token": _token,
    "databricks_obo_token": _obo_token,
    "databricks_permissions": _permissions,
    "databricks_secret_scope": _scope,
    "databricks_secret_acl": _secret_acl,
    "databricks_group": _group,
    "databricks_entitlements": _entitlements,
    **dict(_typed_settings()),
}
"""How the resources of access are read, by type."""
