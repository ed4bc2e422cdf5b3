"""Wishes that many controls have, with what the estate says of the thing now."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.estate.access import (
    ACCOUNT_SETTINGS,
    WORKSPACE_CONF,
    WORKSPACE_SETTINGS,
    WORKSPACE_SETTINGS_V2,
)
from lakewarden.estate.account import Workspace
from lakewarden.estate.defaults import default_of
from lakewarden.estate.kind import Kind, Scope
from lakewarden.plan.change import Target
from lakewarden.plan.paths import path
from lakewarden.plan.wish import Wish

_SETTINGS: Final = {
    ACCOUNT_SETTINGS.name: "account_setting",
    WORKSPACE_SETTINGS.name: "workspace_setting",
    WORKSPACE_SETTINGS_V2.name: "workspace_setting_v2",
}
"""The resource kind of the settings of each collection."""
_KEPT: Final = frozenset(
    {
        *("automatic_cluster_update", "enable-export-notebook", "enable-notebook-table-clipboard"),
        *("enable-results-downloading", "llm_proxy_partner_powered_enforce"),
        *("shield_csp_enablement_ac", "shield_csp_enablement_ws_db"),
        *("shield_esm_enablement_ac", "shield_esm_enablement_ws_db"),
    }
)
"""Typed settings that no API unsets."""
_UNSET: Final = "it was never set, no document says what that means, and no API unsets it"


def scope_of(workspace: Workspace | None) -> str:
    """Return the scope of things in a workspace, or of those of the account."""
    return "account" if workspace is None else f"workspace/{workspace.id}"


def conf_wish(workspace: Workspace, at: Context, key: str, wanted: str) -> Wish:
    """Wish for a value of a key of workspace-conf, which no API unsets.

    Raises:
        UnreadError: what it is now was not read.
    """
    now = at.estate.conf(workspace, key).get()
    target = Target("workspace_conf", scope_of(workspace), key)
    default = default_of(WORKSPACE_CONF.name, key)
    lost = now is None and default is None
    return Wish(
        target,
        key,
        {"/value": now},
        {"/value": wanted},
        irreversible=_UNSET if lost else "",
        instead={} if default is None else {"/value": default},
    )


def setting_wish(
    kind: Kind[Any],
    name: str,
    wanted: Any,
    at: Context,
    workspace: Workspace | None = None,
    place: tuple[str, ...] = (),
) -> Wish:
    """Wish for a value of a typed setting, or of one of the second version.

    Args:
        kind: the collection that it is in.
        name: its type, or its name.
        wanted: the value.
        at: the context.
        workspace: the workspace that it is of; none for the account.
        place: where a setting of the second version holds its value, `("boolean_val", "value")`.

    Raises:
        UnreadError: what it is now was not read.
    """
    inside = workspace if kind.scope is Scope.WORKSPACE else None
    now = at.estate.value(kind, name, inside).get()
    steps = place or (_message(wanted) if kind is WORKSPACE_SETTINGS_V2 else ("value",))
    where = path(*steps)
    target = Target(_SETTINGS[kind.name], scope_of(inside), name)
    default = default_of(kind.name, name) if name in _KEPT else None
    return Wish(
        target,
        name,
        {where: now},
        {where: wanted},
        irreversible=_UNSET if now is None and name in _KEPT and default is None else "",
        instead={} if default is None else {where: default},
    )


def _message(value: Any) -> tuple[str, ...]:
    return ("boolean_val" if isinstance(value, bool) else "string_val", "value")
