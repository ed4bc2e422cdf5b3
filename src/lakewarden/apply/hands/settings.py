"""Typed settings of workspaces and of the account, and settings of the second version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.settings import FIELDS
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_OWN_NAME: Final = frozenset({"disable_legacy_access", "disable_legacy_dbfs"}) | {
    "disable_legacy_features"
}
"""Settings whose `setting_name` is that of their type; it is `default` for the others."""
_NO_ETAG: Final = frozenset(
    {"enable-export-notebook", "enable-notebook-table-clipboard", "enable-results-downloading"}
)


class TypedSetting(Hand):
    """One typed setting: the key of the target is its type, and `/value` its value.

    A write shows the etag of what was read, so that somebody else's change in between is noticed
    by the service and not overwritten.
    """

    def __init__(self, kind: str, base: str) -> None:
        self.kind = kind
        self.calls = (f"GET {base}", f"PATCH {base}", f"DELETE {base}")
        self._base = base

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return value and etag; the value is None when nobody ever set it."""
        try:
            answer = doors.databricks(target.scope).get(self._path(doors, target))
        except CallFailedError as error:
            if error.cause is Cause.NOT_FOUND and error.etag:
                return {"value": None, "etag": error.etag}
            raise
        value: Any = answer
        for step in FIELDS[target.key].split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return {"value": value, "etag": answer.get("etag")}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Set it, or give it back to its default."""
        host, path = doors.databricks(target.scope), self._path(doors, target)
        if wanted.get("value") is None:
            host.send("DELETE", path, query={"etag": found["etag"]})
            return
        field, leaf = FIELDS[target.key].split(".")
        setting: dict[str, Any] = {field: {leaf: wanted["value"]}}
        if target.key not in _NO_ETAG:
            name = target.key if target.key in _OWN_NAME else "default"
            setting |= {"etag": found["etag"], "setting_name": name}
        mask = FIELDS[target.key]
        host.send("PATCH", path, {"allow_missing": True, "field_mask": mask, "setting": setting})

    def _path(self, doors: Doors, target: Target) -> str:
        return self._base.format(account_id=doors.account_id, key=target.key)


class SettingV2(Hand):
    """One setting of the second version: its values by the names of their messages.

    What is in effect counts, as in judging; a value that nobody set is written out when a change
    of it is taken back, and means the same.
    """

    kind = "workspace_setting_v2"
    calls = ("GET /api/2.1/settings/{name}", "PATCH /api/2.1/settings/{name}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the messages, what is in effect before what was set."""
        answer = doors.databricks(target.scope).get(f"/api/2.1/settings/{target.key}")
        found = {name: inner for name, inner in answer.items() if isinstance(inner, Mapping)}
        effective = {n.removeprefix("effective_"): m for n, m in found.items()}
        return {name: found.get(f"effective_{name}", effective[name]) for name in effective}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Set it."""
        body = {name: inner for name, inner in wanted.items() if inner is not None}
        doors.databricks(target.scope).send("PATCH", f"/api/2.1/settings/{target.key}", body)


HANDS = (
    TypedSetting("workspace_setting", "/api/2.0/settings/types/{key}/names/default"),
    TypedSetting(
        "account_setting",
        "/api/2.0/accounts/{account_id}/settings/types/{key}/names/default",
    ),
    SettingV2(),
)
