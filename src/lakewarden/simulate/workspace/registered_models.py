"""``/api/2.0/mlflow/registered-models`` and ``model-versions``: the workspace's model registry."""

from __future__ import annotations

import re

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, missing, page, seeds
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.experiments import tags_of
from lakewarden.simulate.workspace.wire import route

KIND = "registered-models"
LIST_MOST = 1000
STAGES = ("None", "Staging", "Production", "Archived")
_LIVE = frozenset({"Staging", "Production"})
_PATH = "/api/2.0/mlflow/registered-models"
_VERSIONS = "/api/2.0/mlflow/model-versions"
_NAMED = re.compile(r"name\s*=\s*(['\"])(?P<name>.*)\1")


@route("GET", _PATH + "/list")
@route("GET", _PATH + "/search")
def list_models(request: Request) -> Json:
    """The models the caller may read, in the order of their names; ``filter`` may give one name."""
    wanted = _filtered(request)
    seen = [
        _shown(body)
        for name, body in sorted(request.workspace.table("model-names").items())
        if wanted in {None, name}
        and permissions.allowed(request.workspace, request.caller, KIND, body["id"], "CAN_READ")
    ]
    return page(request, seen, "registered_models", size=100, most=LIST_MOST)


def _filtered(request: Request) -> str | None:
    text = request.query.get("filter", "")
    found = _NAMED.fullmatch(text.strip())
    if text and not found:
        raise invalid(f"Invalid filter: {text}")
    return found["name"] if found else None


@route("GET", "/api/2.0/mlflow/databricks/registered-models/get")
def get_model(request: Request) -> Json:
    """One model with the id that its access list goes by."""
    body = _model(request, request.need_query("name"), "CAN_READ")
    level = permissions.level(request.workspace, request.caller, KIND, body["id"])
    shown = _shown(body) | {"id": body["id"], "permission_level": level}
    return {"registered_model_databricks": shown}


@route("POST", _PATH + "/create", audit="modelRegistry.createRegisteredModel")
def create_model(request: Request) -> Json:
    """Make a model."""
    name, table = request.need("name"), request.workspace.table("model-names")
    if name in table:
        message = f"Registered Model (name={name}) already exists."
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", message)
    model_id = request.account.ids.hex(32)
    table[name] = {
        "id": model_id,
        "name": name,
        "description": request.body.get("description", ""),
        "creation_timestamp": request.now,
        "last_updated_timestamp": request.now,
        "user_id": request.caller.name,
        "tags": tags_of(request),
        "versions": {},
        "counted": 0,
    }
    request.workspace.table(KIND)[model_id] = table[name]
    permissions.register(request.workspace, KIND, model_id, owner=request.caller)
    return {"registered_model": _shown(table[name])}


@route("PATCH", _PATH + "/update", audit="modelRegistry.updateRegisteredModel")
def update_model(request: Request) -> Json:
    """Change a model's description."""
    body = _model(request, request.need("name"), "CAN_MANAGE")
    body |= {
        "description": request.body.get("description", body["description"]),
        "last_updated_timestamp": request.now,
    }
    return {"registered_model": _shown(body)}


@route("POST", _PATH + "/rename", audit="modelRegistry.renameRegisteredModel")
def rename_model(request: Request) -> Json:
    """Give a model another name."""
    body = _model(request, request.need("name"), "CAN_MANAGE")
    name, table = request.need("new_name"), request.workspace.table("model-names")
    if name in table:
        message = f"Registered Model (name={name}) already exists."
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", message)
    table[name] = table.pop(body["name"])
    body |= {"name": name, "last_updated_timestamp": request.now}
    for version in body["versions"].values():
        version["name"] = name
    return {"registered_model": _shown(body)}


@route("DELETE", _PATH + "/delete", audit="modelRegistry.deleteRegisteredModel")
def delete_model(request: Request) -> None:
    """Remove a model of which no version is in use."""
    body = _model(request, _query(request, "name"), "CAN_MANAGE")
    if any(version["current_stage"] in _LIVE for version in body["versions"].values()):
        message = f"Registered Model (name={body['name']}) has versions in Staging or Production."
        raise ApiError(400, "INVALID_STATE", message)
    del request.workspace.table("model-names")[body["name"]]
    del request.workspace.table(KIND)[body["id"]]
    permissions.forget(request.workspace, KIND, body["id"])


@route("POST", _PATH + "/set-tag", audit="modelRegistry.setRegisteredModelTag")
def set_tag(request: Request) -> None:
    """Set a tag of a model."""
    body = _model(request, request.need("name"), "CAN_EDIT")
    body["tags"][request.need("key")] = request.body.get("value", "")


@route("DELETE", _PATH + "/delete-tag", audit="modelRegistry.deleteRegisteredModelTag")
def delete_tag(request: Request) -> None:
    """Take a tag of a model away."""
    body = _model(request, _query(request, "name"), "CAN_EDIT")
    body["tags"].pop(_query(request, "key"), None)


@route("GET", _VERSIONS + "/search")
def search_versions(request: Request) -> Json:
    """The versions of the model that ``filter`` names, or of all; newest first."""
    wanted = _filtered(request)
    seen = [
        _version_shown(version)
        for name, body in sorted(request.workspace.table("model-names").items())
        if wanted in {None, name}
        and permissions.allowed(request.workspace, request.caller, KIND, body["id"], "CAN_READ")
        for version in reversed(body["versions"].values())
    ]
    return page(request, seen, "model_versions", size=100, most=LIST_MOST)


@route("GET", _VERSIONS + "/get")
def get_version(request: Request) -> Json:
    """One version of a model."""
    name, version = request.need_query("name"), request.need_query("version")
    return {"model_version": _version_shown(_version(request, name, version, "CAN_READ"))}


@route("POST", _VERSIONS + "/create", audit="modelRegistry.createModelVersion")
def create_version(request: Request) -> Json:
    """Add a version, ready at once; its number is one more than any before had."""
    body = _model(request, request.need("name"), "CAN_EDIT")
    source = request.need("source")
    body["counted"] += 1
    number = str(body["counted"])
    kept = ("run_id", "run_link")
    body["versions"][number] = {
        "name": body["name"],
        "version": number,
        "source": source,
        "description": request.body.get("description", ""),
        **{key: request.body[key] for key in kept if key in request.body},
        "creation_timestamp": request.now,
        "last_updated_timestamp": request.now,
        "user_id": request.caller.name,
        "current_stage": "None",
        "status": "READY",
        "status_message": "",
        "tags": tags_of(request),
    }
    return {"model_version": _version_shown(body["versions"][number])}


@route("PATCH", _VERSIONS + "/update", audit="modelRegistry.updateModelVersion")
def update_version(request: Request) -> Json:
    """Change a version's description."""
    held = _named_version(request)
    held["description"] = request.body.get("description", held["description"])
    held["last_updated_timestamp"] = request.now
    return {"model_version": _version_shown(held)}


@route("POST", _VERSIONS + "/set-tag", audit="modelRegistry.setModelVersionTag")
def set_version_tag(request: Request) -> None:
    """Set a tag of a version."""
    _named_version(request)["tags"][request.need("key")] = request.body.get("value", "")


@route("DELETE", _VERSIONS + "/delete", audit="modelRegistry.deleteModelVersion")
def delete_version(request: Request) -> None:
    """Remove a version; its number is not given again."""
    name, number = _query(request, "name"), _query(request, "version")
    _version(request, name, number, "CAN_MANAGE")
    del _model(request, name, "CAN_MANAGE")["versions"][number]


@route(
    "POST",
    "/api/2.0/mlflow/databricks/model-versions/transition-stage",
    audit="modelRegistry.transitionModelVersionStage",
)
def transition(request: Request) -> Json:
    """Move a version to another stage; those there are archived if that is asked for."""
    held, stage = _named_version(request), request.need("stage")
    if stage not in STAGES:
        raise invalid(f"stage must be one of {', '.join(STAGES)}")
    if request.body.get("archive_existing_versions"):
        for other in _model(request, held["name"], "CAN_EDIT")["versions"].values():
            if other["current_stage"] == stage:
                other["current_stage"] = "Archived"
    held |= {"current_stage": stage, "last_updated_timestamp": request.now}
    return {"model_version_databricks": _version_shown(held)}


def _query(request: Request, name: str) -> str:
    """A parameter of a call that may have it in its query or in its body."""
    given = request.query.get(name) or (request.body or {}).get(name)
    if not given:
        raise invalid(f"Missing required field: {name}")
    return str(given)


def _model(request: Request, name: str, level: str) -> Json:
    found = request.workspace.table("model-names").get(name)
    if found is None:
        raise missing(f"RegisteredModel '{name}' does not exist.")
    permissions.require(request, KIND, found["id"], level)
    return found


def _named_version(request: Request) -> Json:
    return _version(request, request.need("name"), str(request.need("version")), "CAN_EDIT")


def _version(request: Request, name: str, number: str, level: str) -> Json:
    found: Json | None = _model(request, name, level)["versions"].get(number)
    if found is None:
        raise missing(f"ModelVersion (name={name}, version={number}) does not exist.")
    return found


def _tags(tags: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _version_shown(version: Json) -> Json:
    return version | {"tags": _tags(version["tags"])}


def _shown(body: Json) -> Json:
    """A model with the newest version of each of its stages."""
    newest = {version["current_stage"]: version for version in body["versions"].values()}
    hidden = {"id", "versions", "counted"}
    shown = {name: value for name, value in body.items() if name not in hidden}
    latest = [_version_shown(version) for version in newest.values()]
    return shown | {"tags": _tags(body["tags"])} | ({"latest_versions": latest} if latest else {})


@seeds("registered_models")
def seed_model(seed: Seed, item: Json) -> None:
    """``[[2001.registered_models]]``: ``name``, ``description``, ``tags``, ``by`` and ``at``.

    ``tags`` are a table; ``versions`` have a ``source`` and, if they are in one, a ``stage``;
    ``permissions`` are merged in.
    """
    creation, name = {"by": item.get("by"), "at": item.get("at")}, {"name": item["name"]}
    body = name | {"description": item.get("description", "")}
    body["tags"] = _tags(item.get("tags", {}))
    seed.call("POST", f"{_PATH}/create", body, **creation)
    for version in item.get("versions", ()):
        asked = name | {key: value for key, value in version.items() if key != "stage"}
        made = seed.call("POST", f"{_VERSIONS}/create", asked, **creation)["model_version"]
        if "stage" in version:
            path = "/api/2.0/mlflow/databricks/model-versions/transition-stage"
            move = {"version": made["version"], "stage": version["stage"]}
            seed.call("POST", path, name | move, **creation)
    model_id = seed.workspace.table("model-names")[item["name"]]["id"]
    seed.remember("model", item["name"], model_id)
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{model_id}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})
