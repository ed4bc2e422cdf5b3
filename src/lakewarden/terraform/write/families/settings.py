"""Settings of workspaces and of the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lakewarden.collect.settings import FIELDS
from lakewarden.terraform.write.rows import Choice, Row, Rows, never, renamed
from lakewarden.terraform.write.thing import WHOLE, LeftOutError, Thing

_CONF: Final = """One resource holds all keys of the configuration, as the provider asks for.
It cannot be imported: the first apply sets the keys, which changes nothing where they are so.
Removing it sets every key that begins with `enable` or `enforce` to false, secure or not."""
_TOGGLES: Final = {
    "enable-export-notebook": "enableExportNotebook",
    "enable-notebook-table-clipboard": "enableNotebookTableClipboard",
    "enable-results-downloading": "enableResultsDownloading",
}
"""Typed settings that the provider knows by their keys of the workspace's configuration."""
_BLOCKS: Final = {
    "aibi_dash_embed_ws_acc_policy": "aibi_dashboard_embedding_access_policy",
    "automatic_cluster_update": "automatic_cluster_update_workspace",
    "default_namespace_ws": "namespace",
    "disable_legacy_access": "disable_legacy_access",
    "disable_legacy_dbfs": "disable_legacy_dbfs",
    "disable_legacy_features": "disable_legacy_features",
    "restrict_workspace_admins": "restrict_workspace_admins",
    "shield_csp_enablement_ws_db": "compliance_security_profile_workspace",
    "shield_esm_enablement_ws_db": "enhanced_security_monitoring_workspace",
}
"""The block that the resource of a typed setting takes its value in."""
_V2: Final = frozenset({"llm_proxy_partner_powered"})
"""Typed settings that the provider knows as settings of the second version, by the same name."""
_MORE: Final = {
    "shield_csp_enablement_ws_db": " compliance_standards!<standards",
}
_STANDARDS: Final = ["NONE"]
_PERMANENT: Final = "Nobody can switch it off again once it is on."
_MESSAGES: Final = """
    name!<@key
    aibi_dashboard_embedding_access_policy={access_policy_type!}
    aibi_dashboard_embedding_approved_domains={approved_domains}
    allowed_apps_user_api_scopes={allowed_scopes}
    automatic_cluster_update_workspace={enabled can_toggle restart_even_if_no_updates_available}
    boolean_val={value}
    collaboration_platform_connectivity={connectivity!}
    integer_val={value}
    operational_email_custom_recipient={email}
    personal_compute={value}
    restrict_workspace_admins={status! disable_gov_tag_creation}
    string_val={value!}
"""


def _conf(thing: Thing) -> Thing:
    value = thing.document.get("value")
    if value is None:
        raise LeftOutError("nothing is set")
    key = _TOGGLES.get(thing.key, thing.key)
    text = str(value).lower() if isinstance(value, bool) else value
    return renamed(thing, {"custom_config": {key: text}}, ["custom_config"])


def _typed(name: str) -> Row:
    block = _BLOCKS[name]
    leaf = FIELDS[name].partition(".")[2]
    resource = "default_namespace" if block == "namespace" else block
    return Row(
        f"databricks_{resource}_setting",
        f"{block}!<.{{{leaf}!<value{_MORE.get(name, '')}}}",
        "settings",
        import_id="global",
        prepare=_value,
        appears=True,
        comment=_PERMANENT if name == "shield_csp_enablement_ws_db" else "",
    )


def _value(thing: Thing) -> Thing:
    value = thing.document.get("value")
    if value is None:
        raise LeftOutError("nothing is set")
    return renamed(thing, {"value": value, "standards": _STANDARDS}, ["value", "standards"])


def _message(thing: Thing) -> Thing:
    value = thing.document.get("value")
    if value is None:
        raise LeftOutError("nothing is set")
    return renamed(thing, {"boolean_val": {"value": value}}, ["boolean_val"])


_CONFIGURED: Final = Row(
    "databricks_workspace_conf",
    "custom_config",
    "settings",
    import_id="",
    prepare=_conf,
    comment=_CONF,
)
_TYPED: Final = {name: _typed(name) for name in _BLOCKS}
_WORKSPACE_V2: Final = Row(
    "databricks_workspace_setting_v2", _MESSAGES, "settings", appears=True, prepare=_message
)
_ACCOUNT_V2: Final = Row(
    "databricks_account_setting_v2", _MESSAGES, "settings", appears=True, prepare=_message
)


def _of_workspace(thing: Thing) -> Row:
    if thing.key in _TOGGLES:
        return _CONFIGURED
    if thing.key in _TYPED:
        return _TYPED[thing.key]
    if thing.key in _V2:
        return _WORKSPACE_V2
    raise LeftOutError("the provider has no resource for this setting")


def _of_account(thing: Thing) -> Row:
    if thing.key == "disable_legacy_features":
        return _TYPED[thing.key]
    if thing.key in _V2:
        return _ACCOUNT_V2
    raise LeftOutError("the provider has no resource for this setting of the account")


def _spelled(thing: Thing) -> Thing:
    """Return a setting with the value of its message where the provider looks for it."""
    message = thing.document.get(_PLATFORMS)
    if not isinstance(message, Mapping) or "connectivity" in message:
        return thing
    value = {"connectivity": message.get("value")}
    return replace(thing, document={**thing.document, _PLATFORMS: value}, known=WHOLE)


_PLATFORMS: Final = "collaboration_platform_connectivity"
_VERSION_2: Final = Row(
    "databricks_workspace_setting_v2", _MESSAGES, "settings", appears=True, prepare=_spelled
)

ROWS: Final[Rows] = {
    "workspace_conf": _CONFIGURED,
    "workspace_setting": Choice((_CONFIGURED, *_TYPED.values(), _WORKSPACE_V2), _of_workspace),
    "account_setting": Choice((_TYPED["disable_legacy_features"], _ACCOUNT_V2), _of_account),
    "workspace_setting_v2": _VERSION_2,
    "token": never("the provider neither imports nor revokes tokens that others made"),
    "service_principal_secret": never("the provider cannot take a secret over, only make one"),
}
"""How settings become resources, by kind."""
