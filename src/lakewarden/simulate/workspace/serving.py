"""``/api/2.0/serving-endpoints``: models behind HTTP."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, missing, seeds
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.wire import route

KIND = "serving-endpoints"
_PATH = "/api/2.0/serving-endpoints"
_SERVICE = "serverlessRealTimeInference"


@route("GET", _PATH)
def list_endpoints(request: Request) -> Json:
    """Every endpoint the caller may see, in one answer."""
    workspace, caller = request.workspace, request.caller
    return {
        "endpoints": [
            body
            for body in workspace.table(KIND).values()
            if permissions.allowed(workspace, caller, KIND, body["id"], "CAN_VIEW")
        ]
    }


@route("GET", _PATH + "/{name}")
def get_endpoint(request: Request) -> Json:
    """One endpoint."""
    return _endpoint(request, "CAN_VIEW")


@route("POST", _PATH, audit=f"{_SERVICE}.createServingEndpoint")
def create_endpoint(request: Request) -> Json:
    """Make an endpoint, ready at once."""
    name = request.need("name")
    if name in request.workspace.table(KIND):
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Endpoint {name} already exists.")
    endpoint_id = request.account.ids.hex()
    request.workspace.table(KIND)[name] = {
        "tags": [],
        **request.body,
        "id": endpoint_id,
        "creator": request.caller.name,
        "creation_timestamp": request.now,
        "last_updated_timestamp": request.now,
        "state": {"ready": "READY", "config_update": "NOT_UPDATING"},
        "config": {"served_entities": [], **request.body.get("config", {}), "config_version": 1},
    }
    permissions.register(request.workspace, KIND, endpoint_id, owner=request.caller)
    return request.workspace.table(KIND)[name]


@route("PUT", _PATH + "/{name}/config", audit=f"{_SERVICE}.updateServingEndpoint")
def update_config(request: Request) -> Json:
    """Replace what an endpoint serves."""
    body = _endpoint(request, "CAN_MANAGE")
    served = {k: v for k, v in request.body.items() if k != "name"}
    body["config"] = served | {"config_version": body["config"]["config_version"] + 1}
    body["last_updated_timestamp"] = request.now
    return body


@route("PUT", _PATH + "/{name}/ai-gateway", audit=f"{_SERVICE}.putInferenceEndpointAiGateway")
def put_gateway(request: Request) -> Json:
    """Replace an endpoint's guardrails, limits and tracking."""
    body = _endpoint(request, "CAN_MANAGE")
    gateway = {k: v for k, v in request.body.items() if k != "name"}
    body["ai_gateway"] = gateway
    return gateway


@route("PATCH", _PATH + "/{name}/tags", audit=f"{_SERVICE}.updateInferenceEndpointTags")
def patch_tags(request: Request) -> Json:
    """Add and remove tags."""
    body = _endpoint(request, "CAN_MANAGE")
    added = request.body.get("add_tags") or []
    gone = {*(request.body.get("delete_tags") or ()), *(tag["key"] for tag in added)}
    body["tags"] = [tag for tag in body["tags"] if tag["key"] not in gone] + added
    return {"tags": body["tags"]}


@route("DELETE", _PATH + "/{name}", audit=f"{_SERVICE}.deleteServingEndpoint")
def delete_endpoint(request: Request) -> None:
    """Remove an endpoint."""
    body = _endpoint(request, "CAN_MANAGE")
    del request.workspace.table(KIND)[body["name"]]
    permissions.forget(request.workspace, KIND, body["id"])


def _endpoint(request: Request, level: str) -> Json:
    found = request.workspace.table(KIND).get(request.params["name"])
    if found is None:
        raise missing(f"The given endpoint does not exist: {request.params['name']}")
    permissions.require(request, KIND, found["id"], level)
    return found


@seeds("serving_endpoints")
def seed_endpoint(seed: Seed, item: Json) -> None:
    """``[[2001.serving_endpoints]]``: an endpoint of the API, ``by`` and ``permissions``."""
    body = {name: value for name, value in item.items() if name not in {"by", "permissions"}}
    made = seed.call("POST", _PATH, body, by=item.get("by"))["id"]
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{made}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})
