"""``/api/2.0/lakeview/dashboards``: dashboards, which the tree shows as well."""

from __future__ import annotations

import json
from posixpath import basename, dirname

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, missing, page, seeds
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.sql_objects import folder_of, iso
from lakewarden.simulate.workspace.wire import route
from lakewarden.simulate.workspace.workspace_export import exports
from lakewarden.simulate.workspace.workspace_import import imports
from lakewarden.simulate.workspace.workspace_tree import add, follows, move, normal, remove, tree

KIND = "dashboards"
SUFFIX = ".lvdash.json"
LIST_MOST = 1000
_PATH = "/api/2.0/lakeview/dashboards"
_ONE = _PATH + "/{id}"
_LISTED = (
    *("dashboard_id", "display_name", "lifecycle_state", "create_time", "update_time"),
    "warehouse_id",
)
_EMPTY = '{"pages":[]}'


@route("GET", _PATH)
def list_dashboards(request: Request) -> Json:
    """The dashboards the caller may read, without their content and their place."""
    trashed = request.flag("show_trashed")
    seen = [
        {name: body[name] for name in _LISTED if name in body}
        for dashboard_id, body in request.workspace.table(KIND).items()
        if (trashed or body["lifecycle_state"] == "ACTIVE")
        and permissions.allowed(request.workspace, request.caller, KIND, dashboard_id, "CAN_READ")
    ]
    return page(request, seen, "dashboards", size=20, most=LIST_MOST)


@route("GET", _ONE)
def get_dashboard(request: Request) -> Json:
    """One dashboard with its content."""
    return shown(dashboard(request, "CAN_READ"))


def shown(body: Json) -> Json:
    """A dashboard as its API answers it."""
    return {name: value for name, value in body.items() if name not in {"published", "schedules"}}


@route("POST", _PATH, audit="dashboards.createDashboard", audit_keys=("display_name",))
def create_dashboard(request: Request) -> Json:
    """Make a dashboard; there is one of a name in a folder."""
    name = str(request.need("display_name"))
    folder, _ = folder_of(request, request.body.get("parent_path"))
    return shown(_make(request, f"{folder.rstrip('/')}/{name}{SUFFIX}", request.body))


def _make(request: Request, path: str, fields: Json) -> Json:
    if path in tree(request):
        name = basename(path)
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Node named '{name}' already exists")
    content = _content(fields)
    dashboard_id = request.account.ids.hex(32)
    add(
        request.workspace,
        path,
        "DASHBOARD",
        owner=request.caller,
        resource_id=dashboard_id,
        created_at=request.now,
        modified_at=request.now,
    )
    body = {
        "dashboard_id": dashboard_id,
        "display_name": basename(path).removesuffix(SUFFIX),
        "path": path,
        "parent_path": dirname(path),
        "serialized_dashboard": content,
        "etag": str(request.account.ids.number(9)),
        "lifecycle_state": "ACTIVE",
        "create_time": iso(request.now),
        "update_time": iso(request.now),
    }
    if fields.get("warehouse_id"):
        body["warehouse_id"] = str(fields["warehouse_id"])
    request.workspace.table(KIND)[dashboard_id] = body
    request.audit_params["dashboard_id"] = dashboard_id
    return body


def _content(fields: Json) -> str:
    text = fields.get("serialized_dashboard") or _EMPTY
    try:
        whole = isinstance(json.loads(text), dict)
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise invalid("serialized_dashboard must be the text of a JSON object")
    return str(text)


@route("PATCH", _ONE, audit="dashboards.updateDashboard", audit_keys=("id", "display_name"))
def update_dashboard(request: Request) -> Json:
    """Change a dashboard, if it is still the one that ``etag`` names."""
    body = dashboard(request, "CAN_EDIT")
    if request.body.get("etag") not in {None, "", body["etag"]}:
        raise ApiError(409, "RESOURCE_CONFLICT", "The dashboard was modified meanwhile.")
    if "serialized_dashboard" in request.body:
        body["serialized_dashboard"] = _content(request.body)
    if "warehouse_id" in request.body:
        body["warehouse_id"] = str(request.body["warehouse_id"])
    name = request.body.get("display_name", body["display_name"])
    if name != body["display_name"]:
        target = f"{body['parent_path'].rstrip('/')}/{name}{SUFFIX}"
        move(request, body["path"], target)
        body |= {"display_name": name, "path": target}
    body |= {"etag": str(request.account.ids.number(9)), "update_time": iso(request.now)}
    tree(request)[body["path"]]["modified_at"] = request.now
    return shown(body)


@route("DELETE", _ONE, audit="dashboards.trashDashboard", audit_keys=("id",))
def trash_dashboard(request: Request) -> None:
    """Move a dashboard to the trash."""
    remove(request, dashboard(request, "CAN_MANAGE")["path"])


@follows("DASHBOARD", in_trash=True)
def _trash(request: Request, gone: Json) -> None:
    request.workspace.table(KIND)[gone["resource_id"]]["lifecycle_state"] = "TRASHED"


@exports("DASHBOARD")
def _export(request: Request, found: Json) -> bytes:
    text: str = request.workspace.table(KIND)[found["resource_id"]]["serialized_dashboard"]
    return text.encode()


@imports(SUFFIX)
def _import(request: Request, path: str, content: bytes) -> None:
    _make(request, path, {"serialized_dashboard": content.decode(errors="replace")})


@route("POST", _ONE + "/published", audit="dashboards.publishDashboard")
def publish(request: Request) -> Json:
    """Publish a dashboard as it is now."""
    body = dashboard(request, "CAN_MANAGE")
    body["published"] = {
        "display_name": body["display_name"],
        "embed_credentials": request.body.get("embed_credentials", True),
        "revision_create_time": iso(request.now),
    }
    warehouse = request.body.get("warehouse_id") or body.get("warehouse_id")
    if warehouse:
        body["published"]["warehouse_id"] = warehouse
    published: Json = body["published"]
    return published


@route("GET", _ONE + "/published")
def get_published(request: Request) -> Json:
    """The published form; 404 when there is none."""
    published: Json | None = dashboard(request, "CAN_READ").get("published")
    if published is None:
        raise missing(f"Dashboard {request.params['id']} is not published")
    return published


@route("DELETE", _ONE + "/published", audit="dashboards.unpublishDashboard")
def unpublish(request: Request) -> None:
    """Take the published form away."""
    dashboard(request, "CAN_MANAGE").pop("published", None)


def dashboard(request: Request, level: str) -> Json:
    """One dashboard on which the caller holds a level; 404 once it is in the trash."""
    dashboard_id = request.params["id"]
    found = request.workspace.table(KIND).get(dashboard_id)
    if found is None or found["lifecycle_state"] != "ACTIVE":
        raise missing(f"Unable to find dashboard [dashboardId={dashboard_id}]")
    permissions.require(request, KIND, dashboard_id, level)
    return found


@seeds("dashboards")
def seed_dashboard(seed: Seed, item: Json) -> None:
    """``[[2001.dashboards]]``: a dashboard of the API.

    Its content is ``pages`` and ``datasets``; beyond it ``by``, ``at``, ``publish``, ``schedules``
    (each with ``subscribers``) and ``permissions`` (merged in).
    """
    creation = {"by": item.get("by"), "at": item.get("at")}
    given = ("display_name", "parent_path", "warehouse_id")
    body: Json = {name: item[name] for name in given if name in item}
    content = {name: item[name] for name in ("datasets", "pages") if name in item}
    body["serialized_dashboard"] = json.dumps({"pages": [], **content})
    if "parent_path" in body:
        folder = {"path": normal(body["parent_path"])}
        seed.call("POST", "/api/2.0/workspace/mkdirs", folder, **creation)
    made = seed.call("POST", _PATH, body, **creation)["dashboard_id"]
    seed.remember("dashboard", item["display_name"], made)
    if item.get("publish"):
        seed.call("POST", f"{_PATH}/{made}/published", {}, **creation)
    for schedule in item.get("schedules", ()):
        asked = {name: value for name, value in schedule.items() if name != "subscribers"}
        path = f"{_PATH}/{made}/schedules"
        schedule_id = seed.call("POST", path, asked, **creation)["schedule_id"]
        for subscriber in schedule.get("subscribers", ()):
            path_ = f"{path}/{schedule_id}/subscriptions"
            seed.call("POST", path_, {"subscriber": subscriber}, **creation)
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{made}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})
