"""Settings v2 of workspaces and account: ``/api/2.1/settings/{name}``, ``settings-metadata``.

No etags and no masks. An answer has the value that was set, if any, and the *effective* one; a
setting with neither a value nor a default answers 404. Some names are another view of a typed
setting or of a conf key.
"""

from __future__ import annotations

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
    invalid,
    page,
    seeds,
)
from lakewarden.simulate.workspace import settings


@dataclass(frozen=True)
class Name:
    """A setting: the member its value travels in, its default, and what it is another view of."""

    member: str = "boolean_val"
    default: Any = None
    typed: str | None = None
    conf_key: str | None = None


_ON = {"value": True}
_OFF = {"value": False}

WORKSPACE_NAMES = {
    "aibi_dashboard_embedding_access_policy": Name(
        "aibi_dashboard_embedding_access_policy",
        {"access_policy_type": "ALLOW_APPROVED_DOMAINS"},
        "aibi_dash_embed_ws_acc_policy",
    ),
    "aibi_dashboard_embedding_approved_domains": Name(
        "aibi_dashboard_embedding_approved_domains",
        {"approved_domains": []},
        "aibi_dash_embed_ws_apprvd_domains",
    ),
    "allowedAppsUserApiScopes": Name("allowed_apps_user_api_scopes"),
    "automatic_cluster_update": Name(
        "automatic_cluster_update_workspace", {"enabled": False}, "automatic_cluster_update"
    ),
    "cld_to_volumes": Name(default=_ON),
    "collaboration_platform_connectivity": Name("collaboration_platform_connectivity"),
    "customerApprovedWSLoginExpirationTime": Name(
        "string_val", conf_key="customerApprovedWSLoginExpirationTime"
    ),
    "custom_apps_preview": Name(default=_ON),
    "disable_legacy_access": Name(default=_OFF, typed="disable_legacy_access"),
    "disable_legacy_dbfs": Name(default=_OFF, typed="disable_legacy_dbfs"),
    "embedded_genie": Name(default=_OFF),
    "enable_obo_user_apps": Name(default=_ON),
    "enforceGitAppDeployments": Name(default=_OFF),
    "exp_sp_token_notif": Name(default=_OFF),
    "external_access_to_managed_delta": Name(default=_OFF),
    "llm_proxy_partner_powered": Name(default=_ON, typed="llm_proxy_partner_powered"),
    "managed_mcp_servers": Name(default=_ON),
    "multiple_git_creds": Name(default=_OFF),
    "pkg_repo_api_cluster": Name(default=_OFF),
    "pkg_repo_dlt": Name(default=_OFF),
    "pkg_repo_ui_cluster": Name(default=_OFF),
    "remote_query_tvf": Name(default=_OFF),
    "restrict_workspace_admins": Name(
        "restrict_workspace_admins", {"status": "ALLOW_ALL"}, "restrict_workspace_admins"
    ),
    "scoped_pat": Name(default=_ON),
    "tabular_subscription_attachments": Name(default=_ON),
    "third_party_agent_connectors": Name(),
    "workspace_label": Name("workspace_label"),
    "wsfs_git_cli": Name(default=_ON),
}
ACCOUNT_NAMES = {
    "disable_legacy_features": Name(default=_OFF, typed="disable_legacy_features"),
    "llm_proxy_partner_powered": Name(default=_ON, typed="llm_proxy_partner_powered"),
    "personal_compute": Name("personal_compute", {"value": "ON"}, "dcp_acct_enable"),
    "scoped_pat": Name(default=_ON),
}


def _realm(request: Request) -> Realm:
    return request.place or request.account


def current(realm: Realm, name: str) -> Json | None:
    """The value that was set, in its member's shape; ``None`` when none was."""
    known = (WORKSPACE_NAMES if isinstance(realm, Workspace) else ACCOUNT_NAMES)[name]
    if known.conf_key and isinstance(realm, Workspace):
        text = realm.conf.get(known.conf_key)
        return None if text is None else {"value": text}
    if known.typed:
        types = settings.WORKSPACE_TYPES if isinstance(realm, Workspace) else settings.ACCOUNT_TYPES
        kept = realm.table("settings").get(known.typed, {})
        return kept.get(types[known.typed].field)
    return realm.table("settings_v2").get(name)


def _answer(request: Request, name: str, known: Name) -> Json:
    held = current(_realm(request), name)
    effective = known.default if held is None else held
    if effective is None:
        raise ApiError(404, "NOT_FOUND", f"Setting {name} is not set")
    answer = {"name": name, f"effective_{known.member}": effective}
    return answer if held is None else answer | {known.member: held}


def _known(request: Request, names: dict[str, Name]) -> tuple[str, Name]:
    name = request.params["name"]
    if name not in names:
        raise ApiError(404, "NOT_FOUND", f"Setting {name} does not exist")
    return name, names[name]


def _store(request: Request, name: str, known: Name, value: Json) -> None:
    realm = _realm(request)
    if known.conf_key:
        request.workspace.conf[known.conf_key] = str(value.get("value", ""))
    elif known.typed:
        types = settings.WORKSPACE_TYPES if request.place else settings.ACCOUNT_TYPES
        after = {types[known.typed].field: value}
        settings.check(request, known.typed, after)
        settings.put(request, known.typed, after)
    else:
        realm.table("settings_v2")[name] = value


def _describe(name: str, known: Name) -> Json:
    words = name.replace("_", " ")
    return {
        "name": name,
        "display_name": words.capitalize(),
        "description": f"Controls {words}.",
        "preview_phase": "GA",
        "type": known.member,
    }


def _serve(routes: Routes, base: str, names: dict[str, Name]) -> None:
    route = routes.route

    @route("GET", f"{base}/settings-metadata", admin=True)
    def metadata(request: Request) -> Json:
        described = [_describe(name, known) for name, known in names.items()]
        return page(request, described, "settings_metadata", size=100, most=1000)

    @route("GET", f"{base}/settings/{{name}}", admin=True)
    def get(request: Request) -> Json:
        name, known = _known(request, names)
        return _answer(request, name, known)

    @route("PATCH", f"{base}/settings/{{name}}", admin=True)
    def patch(request: Request) -> Json:
        name, known = _known(request, names)
        value = (request.body or {}).get(known.member)
        settings.note(request, "setSetting", name, value)
        if not isinstance(value, dict):
            raise invalid(f"The body of {name} carries {known.member}")
        _store(request, name, known, value)
        return _answer(request, name, known)


_serve(WORKSPACE, "/api/2.1", WORKSPACE_NAMES)
_serve(ACCOUNT, "/api/2.1/accounts/{account}", ACCOUNT_NAMES)


@seeds("settings_v2")
def seed_settings_v2(seed: Seed, item: Json) -> None:
    """``[settings_v2]`` or ``[2001.settings_v2]``: name to the value of its member, as a table."""
    names = WORKSPACE_NAMES if seed.bound else ACCOUNT_NAMES
    base = "/api/2.1" if seed.bound else "/api/2.1/accounts/{account}"
    for name, value in item.items():
        seed.call("PATCH", f"{base}/settings/{name}", {names[name].member: value})
