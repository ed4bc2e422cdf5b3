"""``/api/2.0/pipelines``: declarative pipelines and the clusters they bring with them."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, missing, page, seeds
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.cluster_spec import govern
from lakewarden.simulate.workspace.jobs import run_as
from lakewarden.simulate.workspace.node_types import ALIASES
from lakewarden.simulate.workspace.wire import route

KIND = "pipelines"
LIST_MOST = 100
_PATH = "/api/2.0/pipelines"
_CLUSTER_DEFAULTS = {
    "spark_version": ALIASES["auto:latest"],
    "num_workers": 1,
    "node_type_id": "m6id.large",
}
_GOVERNED = {"data_security_mode": "USER_ISOLATION"}
"""What the clusters of a pipeline have that publishes to Unity Catalog."""


@route("GET", _PATH)
def list_pipelines(request: Request) -> Json:
    """The pipelines the caller may see; max_results <= 100."""
    workspace, caller = request.workspace, request.caller
    seen = [
        {k: v for k, v in body.items() if k not in {"spec", "last_modified"}}
        for pipeline_id, body in workspace.table(KIND).items()
        if permissions.allowed(workspace, caller, KIND, pipeline_id, "CAN_VIEW")
    ]
    return page(request, seen, "statuses", size=25, most=LIST_MOST)


@route("GET", _PATH + "/{pipeline_id}")
def get_pipeline(request: Request) -> Json:
    """One pipeline with its specification."""
    return _pipeline(request, "CAN_VIEW")


@route("POST", _PATH, audit="deltaPipelines.create")
def create_pipeline(request: Request) -> Json:
    """Make a pipeline; its clusters go through entitlement and policy like any other."""
    request.need("name")
    _check(request)
    _check_name(request, "")
    pipeline_id = request.account.ids.uuid()
    request.workspace.table(KIND)[pipeline_id] = {
        "pipeline_id": pipeline_id,
        "name": request.body["name"],
        "state": "IDLE",
        "creator_user_name": request.caller.name,
        "run_as_user_name": run_as(request, request.body, request.caller.name),
        "last_modified": request.now,
        "spec": request.body | {"id": pipeline_id},
    }
    permissions.register(request.workspace, KIND, pipeline_id, owner=request.caller)
    return {"pipeline_id": pipeline_id}


@route("PUT", _PATH + "/{pipeline_id}", audit="deltaPipelines.edit")
def edit_pipeline(request: Request) -> None:
    """Replace a pipeline's specification, unless it changed since the time that is named."""
    body = _pipeline(request, "CAN_MANAGE")
    if body["last_modified"] > request.body.pop("expected_last_modified", body["last_modified"]):
        raise ApiError(409, "RESOURCE_CONFLICT", "The pipeline was modified meanwhile.")
    _check(request)
    _check_name(request, body["pipeline_id"])
    spec = request.body | {"id": body["pipeline_id"]}
    body |= {
        "spec": spec,
        "name": spec.get("name", body["name"]),
        "run_as_user_name": run_as(request, spec, body["run_as_user_name"]),
        "last_modified": request.now,
    }


@route("DELETE", _PATH + "/{pipeline_id}", audit="deltaPipelines.delete")
def delete_pipeline(request: Request) -> None:
    """Remove a pipeline."""
    pipeline_id = _pipeline(request, "CAN_MANAGE")["pipeline_id"]
    del request.workspace.table(KIND)[pipeline_id]
    permissions.forget(request.workspace, KIND, pipeline_id)


def _pipeline(request: Request, level: str) -> Json:
    pipeline_id = request.params["pipeline_id"]
    found = request.workspace.table(KIND).get(pipeline_id)
    if found is None:
        raise missing(f"The specified pipeline {pipeline_id} was not found.")
    permissions.require(request, KIND, pipeline_id, level)
    return found


def _check_name(request: Request, but: str) -> None:
    """Refuse a name that another pipeline has, unless that is said to be wanted."""
    name = request.body.get("name")
    rows = request.workspace.table(KIND).values()
    taken = any(body["name"] == name and body["pipeline_id"] != but for body in rows)
    if taken and not request.body.get("allow_duplicate_names"):
        message = f"The pipeline name '{name}' is already used by another pipeline."
        raise ApiError(409, "RESOURCE_CONFLICT", message)


def _check(request: Request) -> None:
    clusters = request.body.get("clusters") or []
    if request.body.get("serverless") and clusters:
        raise invalid("You cannot provide cluster settings when using serverless compute.")
    usual = _CLUSTER_DEFAULTS | (_GOVERNED if request.body.get("catalog") else {})
    for asked in clusters:
        size = {"autoscale"} & set(asked)
        defaults = {k: v for k, v in usual.items() if not (size and k == "num_workers")}
        govern(request, defaults | asked, "dlt")


@seeds("pipelines")
def seed_pipeline(seed: Seed, item: Json) -> None:
    """``[[2001.pipelines]]``: a pipeline of the API, ``by`` and ``permissions`` (merged in)."""
    body = {name: value for name, value in item.items() if name not in {"by", "permissions"}}
    pipeline_id = seed.call("POST", _PATH, body, by=item.get("by"))["pipeline_id"]
    seed.remember("pipeline", item["name"], pipeline_id)
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{pipeline_id}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})
