"""The typed settings, ``settings/types/{type}/names/default``, of workspaces and of the account.

The etag protocol: a setting that was never set answers 404, a write without the current etag 404 or
409; both carry the etag to use in their error details. The three console toggles have no etag and
are another view of their workspace-conf keys.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from lakewarden.simulate.state import Json, Realm, Workspace
from lakewarden.simulate.web import (
    ACCOUNT,
    WORKSPACE,
    ApiError,
    Request,
    Routes,
    Seed,
    denied,
    invalid,
    seeds,
)
from lakewarden.simulate.workspace import identity, ip_access_lists


@dataclass(frozen=True)
class Setting:
    """A type of setting: the field of its value, and what may be done with it."""

    field: str
    deletable: bool = True
    enterprise: bool = False
    conf_key: str | None = None
    own_name: bool = False  # setting_name is the type's name, not "default"
    value_key: str = "value"


_BOOLEAN = "boolean_val"
WORKSPACE_TYPES = {
    "aibi_dash_embed_ws_acc_policy": Setting(
        "aibi_dashboard_embedding_access_policy", value_key="access_policy_type"
    ),
    "aibi_dash_embed_ws_apprvd_domains": Setting(
        "aibi_dashboard_embedding_approved_domains", value_key="approved_domains"
    ),
    "automatic_cluster_update": Setting(
        "automatic_cluster_update_workspace", deletable=False, enterprise=True, value_key="enabled"
    ),
    "dashboard_email_subscriptions": Setting(_BOOLEAN),
    "default_namespace_ws": Setting("namespace"),
    "default_warehouse_id": Setting("string_val"),
    "disable_legacy_access": Setting("disable_legacy_access", own_name=True),
    "disable_legacy_dbfs": Setting("disable_legacy_dbfs", own_name=True),
    "enable-export-notebook": Setting(_BOOLEAN, deletable=False, conf_key="enableExportNotebook"),
    "enable-notebook-table-clipboard": Setting(
        _BOOLEAN, deletable=False, conf_key="enableNotebookTableClipboard"
    ),
    "enable-results-downloading": Setting(
        _BOOLEAN, deletable=False, conf_key="enableResultsDownloading"
    ),
    "llm_proxy_partner_powered": Setting(_BOOLEAN),
    "restrict_workspace_admins": Setting("restrict_workspace_admins", value_key="status"),
    "shield_csp_enablement_ws_db": Setting(
        "compliance_security_profile_workspace",
        deletable=False,
        enterprise=True,
        value_key="is_enabled",
    ),
    "shield_esm_enablement_ws_db": Setting(
        "enhanced_security_monitoring_workspace",
        deletable=False,
        enterprise=True,
        value_key="is_enabled",
    ),
    "sql_results_download": Setting(_BOOLEAN),
}
ACCOUNT_TYPES = {
    "acct_ip_acl_enable": Setting("acct_ip_acl_enable", enterprise=True),
    "dcp_acct_enable": Setting("personal_compute"),
    "disable_legacy_features": Setting("disable_legacy_features", own_name=True),
    "llm_proxy_partner_powered": Setting(_BOOLEAN, deletable=False),
    "llm_proxy_partner_powered_enforce": Setting(_BOOLEAN, deletable=False),
    "shield_csp_enablement_ac": Setting(
        "csp_enablement_account", deletable=False, enterprise=True, value_key="is_enforced"
    ),
    "shield_esm_enablement_ac": Setting(
        "esm_enablement_account", deletable=False, enterprise=True, value_key="is_enforced"
    ),
}
_FORCED_BY_CSP = ("shield_esm_enablement_ws_db", "automatic_cluster_update")


def value(realm: Realm, name: str) -> Any:
    """The value of a setting; ``None`` when it was never set."""
    known = WORKSPACE_TYPES if isinstance(realm, Workspace) else ACCOUNT_TYPES
    body = realm.table("settings").get(name, {}).get(known[name].field, {})
    return body.get(known[name].value_key)


def _realm(request: Request) -> Realm:
    return request.place or request.account


def _setting(request: Request, types: dict[str, Setting]) -> tuple[str, Setting]:
    name = request.params["type"]
    setting = types.get(name)
    if setting is None:
        message = f"No API found for '{request.method} {request.path}'"
        raise ApiError(404, "ENDPOINT_NOT_FOUND", message)
    if setting.enterprise and request.account.tier != "ENTERPRISE":
        message = f"{name} is not available in the pricing tier of this workspace"
        raise ApiError(404, "FEATURE_DISABLED", message)
    return name, setting


def _etag(request: Request, name: str, *, renew: bool = False) -> str:
    etags = _realm(request).table("setting_etags")
    if renew or name not in etags:
        etags[name] = {"etag": request.account.ids.hex(40)}
    return str(etags[name]["etag"])


def _answer(request: Request, name: str, setting: Setting) -> Json:
    kept = copy.deepcopy(_realm(request).table("settings")[name])
    label = name if setting.own_name else "default"
    return kept | {"etag": _etag(request, name), "setting_name": label}


def _never_set(request: Request, name: str) -> ApiError:
    message = f"Setting {name} does not exist"
    return ApiError(404, "NOT_FOUND", message, metadata={"etag": _etag(request, name)})


def _toggle(request: Request, setting: Setting) -> Json | None:
    text = request.workspace.conf.get(setting.conf_key or "")
    return None if text is None else {_BOOLEAN: {"value": text.lower() == "true"}}


def _masked(kept: Json, wanted: Json, mask: str, field: str) -> Json:
    """What is kept after the paths of a field mask were taken over from a body."""
    result = copy.deepcopy(kept)
    for path in filter(None, (part.strip() for part in mask.split(","))):
        steps = path.split(".")
        if steps[0] != field:
            raise invalid(f"field_mask {path} does not concern {field}")
        source, target = wanted, result
        for step in steps[:-1]:
            source, target = source.get(step, {}), target.setdefault(step, {})
        if steps[-1] in source:
            target[steps[-1]] = source[steps[-1]]
    return result


def check(request: Request, name: str, after: Json) -> None:
    """The rules of single settings."""
    realm = _realm(request)
    if name == "shield_csp_enablement_ws_db":
        was = bool(value(realm, name))
        if was and not after["compliance_security_profile_workspace"].get("is_enabled"):
            raise invalid("The compliance security profile can not be disabled")
    elif name == "disable_legacy_access" and after["disable_legacy_access"].get("value"):
        if value(realm, "default_namespace_ws") in {"hive_metastore", "spark_catalog"}:
            raise invalid("The default catalog must not be hive_metastore")
    elif name == "restrict_workspace_admins":
        if not identity.is_account_admin(request.account, request.caller.id):
            raise denied("Only account admins can restrict the admins of a workspace")
    elif name == "acct_ip_acl_enable":
        on = bool(after["acct_ip_acl_enable"].get("value"))
        lists = realm.table("ip_lists").values()
        ip_access_lists.guard(realm, lists, request.caller.address, on=on)


def put(request: Request, name: str, after: Json) -> None:
    """Keep a setting, with what follows from it."""
    realm = _realm(request)
    realm.table("settings")[name] = after
    _etag(request, name, renew=True)
    if name == "shield_csp_enablement_ws_db" and value(realm, name):
        for forced in _FORCED_BY_CSP:
            setting = WORKSPACE_TYPES[forced]
            body = realm.table("settings").setdefault(forced, {setting.field: {}})
            body[setting.field][setting.value_key] = True
            _etag(request, forced, renew=True)


def note(request: Request, action: str, name: str, value_text: Any) -> None:
    """Audit a change of a setting."""
    service = "workspace" if request.place else "accounts"
    request.audit(
        f"{service}.{action}",
        {
            "settingTypeName": name,
            "settingName": "",
            "settingKeyTypeName": "workspace" if request.place else "account",
            "settingKeyName": str(request.place.id if request.place else request.account.id),
            "settingValueForAudit": value_text,
        },
    )


def _serve(routes: Routes, base: str, types: dict[str, Setting]) -> None:
    route, path = routes.route, base + "/settings/types/{type}/names/default"

    @route("GET", path, admin=True)
    def get(request: Request) -> Json:
        name, setting = _setting(request, types)
        if setting.conf_key:
            shown = _toggle(request, setting)
            if shown is None:
                raise _never_set(request, name)
            return shown
        if name not in _realm(request).table("settings"):
            raise _never_set(request, name)
        return _answer(request, name, setting)

    @route("PATCH", path, admin=True)
    def patch(request: Request) -> Json:
        name, setting = _setting(request, types)
        wanted = request.need("setting")
        note(request, "setSetting", name, wanted.get(setting.field, {}))
        if setting.conf_key:
            on = bool(wanted.get(_BOOLEAN, {}).get("value"))
            request.workspace.conf[setting.conf_key] = "true" if on else "false"
            return {_BOOLEAN: {"value": on}}
        return _update(request, name, setting, wanted)

    @route("DELETE", path, admin=True)
    def delete(request: Request) -> Json:
        name, setting = _setting(request, types)
        note(request, "deleteSetting", name, "")
        if not setting.deletable:
            message = f"No API found for 'DELETE {request.path}'"
            raise ApiError(404, "ENDPOINT_NOT_FOUND", message)
        table = _realm(request).table("settings")
        if name not in table:
            raise _never_set(request, name)
        _check_etag(request, name, request.query.get("etag"))
        del table[name]
        return {"etag": _etag(request, name, renew=True)}


def _check_etag(request: Request, name: str, etag: str | None) -> None:
    current = _etag(request, name)
    if etag != current:
        message = f"The etag of {name} is stale or missing"
        raise ApiError(409, "RESOURCE_CONFLICT", message, metadata={"etag": current})


def _update(request: Request, name: str, setting: Setting, wanted: Json) -> Json:
    table = _realm(request).table("settings")
    if not wanted.get("etag") and name not in table:
        raise _never_set(request, name)
    _check_etag(request, name, wanted.get("etag"))
    mask = request.body.get("field_mask") or setting.field
    after = _masked(table.get(name, {}), wanted, mask, setting.field)
    if setting.field not in after:
        raise invalid(f"The setting has no {setting.field}")
    check(request, name, after)
    put(request, name, after)
    return _answer(request, name, setting)


_serve(WORKSPACE, "/api/2.0", WORKSPACE_TYPES)
_serve(ACCOUNT, "/api/2.0/accounts/{account}", ACCOUNT_TYPES)


@seeds("settings")
def seed_settings(seed: Seed, item: Json) -> None:
    """``[settings]`` or ``[2001.settings]``: type to the value of its typed field, as a table."""
    types = WORKSPACE_TYPES if seed.bound else ACCOUNT_TYPES
    base = "/api/2.0" if seed.bound else "/api/2.0/accounts/{account}"
    realm: Realm = seed.workspace if seed.bound else seed.account
    for name, fields in item.items():
        etag = realm.table("setting_etags").setdefault(name, {"etag": seed.account.ids.hex(40)})
        field = types[name].field
        setting = {field: fields} | etag
        body = {"allow_missing": True, "field_mask": field, "setting": setting}
        seed.call("PATCH", f"{base}/settings/types/{name}/names/default", body)
