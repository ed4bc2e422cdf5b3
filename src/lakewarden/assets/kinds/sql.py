"""Queries, alerts and dashboards, and whom alerts notify."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.assets.kind import Body, Call, Json, Kind, Listing, Paging, Pause, Reference

_WAREHOUSE: Final = (Reference("warehouse_id", "warehouse"),)
_OWNED: Final = ("id", "create_time", "update_time", "last_modifier_user_name", "lifecycle_state")


def _placed(raw: Json, _: str) -> str:
    folder = str(raw.get("parent_path", "")).removeprefix("/Workspace").rstrip("/")
    return f"{folder}/{raw.get('display_name', '')}"


def _folder(raw: Json) -> Body:
    """Return it with its folder as every workspace writes it."""
    shaped = dict(raw)
    if "parent_path" in shaped:
        shaped["parent_path"] = str(shaped["parent_path"]).removeprefix("/Workspace") or "/"
    return shaped


def _dashboard(raw: Json) -> Body:
    return {**_folder(raw), "serialized_dashboard": raw["serialized_dashboard"]}


def _alert(raw: Json) -> Body:
    """Return an alert with whom it runs as: made by another, it would run as that one."""
    shaped = _folder(raw)
    if not shaped.get("run_as") and raw.get("effective_run_as"):
        shaped["run_as"] = dict(raw["effective_run_as"])
    return shaped


def _trashed(raw: Json) -> str:
    return "it is in the trash" if raw.get("lifecycle_state") in {"TRASHED", "DELETED"} else ""


def _changed(wrapper: str, fixed: tuple[str, ...]) -> Any:
    def body(spec: Json, _: str) -> Body:
        changes = {name: value for name, value in spec.items() if name not in fixed}
        return {wrapper: changes, "update_mask": ",".join(sorted(changes))}

    return body


def _without(*names: str) -> Any:
    return lambda spec, _: {name: value for name, value in spec.items() if name not in names}


KINDS: Final = (
    Kind(
        name="notification_destination",
        title="notification destinations",
        listing=Listing("/api/2.0/notification-destinations", "results", Paging.TOKEN),
        id="id",
        key="display_name",
        unique=False,
        created="id",
        detail="/api/2.0/notification-destinations/{id}",
        keeps=("display_name", "config"),
        create=Call("POST", "/api/2.0/notification-destinations", lambda spec, _: dict(spec)),
        update=Call("PATCH", "/api/2.0/notification-destinations/{id}", lambda spec, _: dict(spec)),
        delete=Call("DELETE", "/api/2.0/notification-destinations/{id}"),
        by_hand="enter URL, token or password again",
        limits="URLs, tokens and passwords are never read back",
    ),
    Kind(
        name="query",
        title="SQL queries",
        listing=Listing("/api/2.0/sql/queries", "results", Paging.TOKEN, {"page_size": "100"}),
        id="id",
        key_of=_placed,
        unique=False,
        created="create_time",
        detail="/api/2.0/sql/queries/{id}",
        shape=_folder,
        volatile=_OWNED,
        references=_WAREHOUSE,
        principals=("owner_user_name",),
        acl="queries",
        late=("owner_user_name",),
        skips=_trashed,
        stamp=("id", "update_time"),
        create=Call("POST", "/api/2.0/sql/queries", lambda spec, _: {"query": dict(spec)}),
        update=Call("PATCH", "/api/2.0/sql/queries/{id}", _changed("query", ("parent_path",))),
        delete=Call("DELETE", "/api/2.0/sql/queries/{id}"),
        limits="visualisations are not kept",
    ),
    Kind(
        name="alert",
        title="SQL alerts",
        listing=Listing("/api/2.0/alerts", "alerts", Paging.TOKEN, {"page_size": "100"}),
        id="id",
        key_of=_placed,
        unique=False,
        created="create_time",
        detail="/api/2.0/alerts/{id}",
        shape=_alert,
        volatile=(
            *_OWNED,
            *("owner_user_name", "effective_run_as", "run_as_user_name"),
            "evaluation.state",
            "evaluation.last_evaluated_at",
        ),
        references=(
            *_WAREHOUSE,
            Reference(
                "evaluation.notification.subscriptions[].destination_id", "notification_destination"
            ),
        ),
        principals=(
            *("run_as.user_name", "run_as.service_principal_name"),
            "evaluation.notification.subscriptions[].user_email",
        ),
        acl="alertsv2",
        skips=_trashed,
        pauses=(Pause("schedule.pause_status"),),
        create=Call("POST", "/api/2.0/alerts", lambda spec, _: dict(spec)),
        update=Call("PATCH", "/api/2.0/alerts/{id}", _without("parent_path"), {"update_mask": "*"}),
        delete=Call("DELETE", "/api/2.0/alerts/{id}"),
        limits="whoever makes one again owns it; it runs as whom it ran before",
    ),
    Kind(
        name="dashboard",
        title="dashboards",
        listing=Listing(
            "/api/2.0/lakeview/dashboards", "dashboards", Paging.TOKEN, {"page_size": "100"}
        ),
        id="dashboard_id",
        key_of=_placed,
        unique=False,
        created="create_time",
        detail="/api/2.0/lakeview/dashboards/{id}",
        shape=_dashboard,
        volatile=("dashboard_id", "create_time", "update_time", "etag", "lifecycle_state", "path"),
        parsed=("serialized_dashboard",),
        references=_WAREHOUSE,
        acl="dashboards",
        skips=_trashed,
        create=Call("POST", "/api/2.0/lakeview/dashboards", lambda spec, _: dict(spec)),
        update=Call("PATCH", "/api/2.0/lakeview/dashboards/{id}", _without("parent_path")),
        delete=Call("DELETE", "/api/2.0/lakeview/dashboards/{id}"),
        limits="legacy dashboards and subscriptions are not kept",
    ),
    Kind(
        name="dashboard_publication",
        title="published dashboards",
        listing=Listing(
            "/api/2.0/lakeview/dashboards/{id}/published",
            absent=("NOT_FOUND", "RESOURCE_DOES_NOT_EXIST"),
        ),
        parent="dashboard",
        key_of=lambda _, dashboard: dashboard,
        keeps=("warehouse_id", "embed_credentials"),
        references=_WAREHOUSE,
        beside=True,
        create=Call(
            "POST", "/api/2.0/lakeview/dashboards/{parent}/published", lambda spec, _: dict(spec)
        ),
        update=Call(
            "POST", "/api/2.0/lakeview/dashboards/{parent}/published", lambda spec, _: dict(spec)
        ),
        delete=Call("DELETE", "/api/2.0/lakeview/dashboards/{parent}/published"),
    ),
    Kind(
        name="dashboard_schedule",
        title="schedules of dashboards",
        listing=Listing("/api/2.0/lakeview/dashboards/{id}/schedules", "schedules", Paging.TOKEN),
        parent="dashboard",
        id="schedule_id",
        key_of=lambda raw, dashboard: f"{dashboard}/{raw.get('display_name', '')}",
        unique=False,
        created="create_time",
        volatile=("schedule_id", "dashboard_id", "create_time", "update_time", "etag"),
        references=_WAREHOUSE,
        pauses=(Pause("pause_status"),),
        beside=True,
        create=Call(
            "POST", "/api/2.0/lakeview/dashboards/{parent}/schedules", lambda spec, _: dict(spec)
        ),
        update=Call(
            "PUT",
            "/api/2.0/lakeview/dashboards/{parent}/schedules/{id}",
            lambda spec, _: dict(spec),
        ),
        delete=Call("DELETE", "/api/2.0/lakeview/dashboards/{parent}/schedules/{id}"),
    ),
)
