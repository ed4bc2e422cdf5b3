"""``/api/2.0/mlflow/experiments``: experiments without their runs, which the tree shows as well."""

from __future__ import annotations

from posixpath import basename, dirname

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, missing, page, seeds
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.wire import route
from lakewarden.simulate.workspace.workspace_tree import (
    add,
    follows,
    make_folders,
    move,
    normal,
    remove,
    tree,
)

KIND = "experiments"
LIST_MOST = 1000
_PATH = "/api/2.0/mlflow/experiments"
_VIEWS = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}


@route("POST", _PATH + "/search")
def search(request: Request) -> Json:
    """The experiments the caller may read; ``view_type`` says whether deleted ones count."""
    for name in ("page_token", "max_results"):
        if request.body.get(name):
            request.query[name] = str(request.body[name])
    return _listing(request, request.body.get("view_type", "ACTIVE_ONLY"))


@route("GET", _PATH + "/list")
def list_experiments(request: Request) -> Json:
    """The same in a list."""
    return _listing(request, request.query.get("view_type", "ACTIVE_ONLY"))


def _listing(request: Request, view: object) -> Json:
    if not isinstance(view, str) or view not in _VIEWS:
        raise invalid(f"view_type must be one of {', '.join(_VIEWS)}")
    seen = [
        body
        for experiment_id, body in request.workspace.table(KIND).items()
        if body["lifecycle_stage"] in _VIEWS[view]
        and permissions.allowed(request.workspace, request.caller, KIND, experiment_id, "CAN_READ")
    ]
    return page(request, seen, "experiments", size=1000, most=LIST_MOST)


@route("GET", _PATH + "/get")
def get_experiment(request: Request) -> Json:
    """One experiment, deleted or not."""
    return {"experiment": _experiment(request, request.need_query("experiment_id"), "CAN_READ")}


@route("GET", _PATH + "/get-by-name")
def get_by_name(request: Request) -> Json:
    """One experiment by its path."""
    name = normal(request.need_query("experiment_name"))
    for experiment_id, body in request.workspace.table(KIND).items():
        if body["name"] == name:
            return {"experiment": _experiment(request, experiment_id, "CAN_READ")}
    raise missing(f"Node {name} does not exist.")


@route("POST", _PATH + "/create", audit="mlflowExperiment.createMlflowExperiment")
def create(request: Request) -> Json:
    """Make an experiment; its name is where it is in the tree."""
    name = normal(request.need("name"))
    if dirname(name) not in tree(request):
        raise missing(f"Parent directory {dirname(name)} does not exist.")
    make_folders(request, dirname(name))
    if name in tree(request):
        raise ApiError(
            400, "RESOURCE_ALREADY_EXISTS", f"Node named '{basename(name)}' already exists"
        )
    body = add(
        request.workspace,
        name,
        "MLFLOW_EXPERIMENT",
        owner=request.caller,
        created_at=request.now,
        modified_at=request.now,
    )
    experiment_id = body["resource_id"]
    tags = {
        "mlflow.ownerId": request.caller.id,
        "mlflow.ownerEmail": request.caller.name,
        "mlflow.experiment.sourceName": name,
        "mlflow.experimentType": "MLFLOW_EXPERIMENT",
    }
    tags |= tags_of(request)
    place = request.body.get("artifact_location")
    request.workspace.table(KIND)[experiment_id] = {
        "experiment_id": experiment_id,
        "name": name,
        "artifact_location": place or f"dbfs:/databricks/mlflow-tracking/{experiment_id}",
        "lifecycle_stage": "active",
        "creation_time": request.now,
        "last_update_time": request.now,
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
    }
    return {"experiment_id": experiment_id}


def tags_of(request: Request) -> dict[str, str]:
    """The tags that the body of a call gives, as a list of keys and values."""
    given = request.body.get("tags") or []
    if not isinstance(given, list) or not all(isinstance(t, dict) and "key" in t for t in given):
        raise invalid("tags must be a list of objects with a key and a value")
    return {tag["key"]: tag.get("value", "") for tag in given}


@route("POST", _PATH + "/update", audit="mlflowExperiment.renameMlflowExperiment")
def rename(request: Request) -> None:
    """Give an experiment another place."""
    body = _asked(request, "CAN_EDIT")
    target = normal(request.body.get("new_name") or body["name"])
    if target != body["name"]:
        move(request, body["name"], target)
        body |= {"name": target, "last_update_time": request.now}


@route("POST", _PATH + "/set-experiment-tag", audit="mlflowExperiment.setExperimentTag")
def set_tag(request: Request) -> None:
    """Set a tag."""
    body, key = _asked(request, "CAN_EDIT"), request.need("key")
    tags = [tag for tag in body["tags"] if tag["key"] != key]
    body["tags"] = [*tags, {"key": key, "value": request.body.get("value", "")}]


@route("POST", _PATH + "/delete-experiment-tag", audit="mlflowExperiment.deleteExperimentTag")
def delete_tag(request: Request) -> None:
    """Take a tag away."""
    body, key = _asked(request, "CAN_EDIT"), request.need("key")
    body["tags"] = [tag for tag in body["tags"] if tag["key"] != key]


@route("POST", _PATH + "/delete", audit="mlflowExperiment.deleteMlflowExperiment")
def delete(request: Request) -> None:
    """Move an experiment to the trash."""
    remove(request, _asked(request, "CAN_MANAGE")["name"])


@follows("MLFLOW_EXPERIMENT", in_trash=True)
def _trash(request: Request, gone: Json) -> None:
    body = request.workspace.table(KIND)[gone["resource_id"]]
    body |= {"lifecycle_stage": "deleted", "last_update_time": request.now}


@route("POST", _PATH + "/restore", audit="mlflowExperiment.restoreMlflowExperiment")
def restore(request: Request) -> None:
    """Bring a deleted experiment back to where it was."""
    body = _experiment(request, str(request.need("experiment_id")), "CAN_MANAGE")
    if body["lifecycle_stage"] == "deleted":
        make_folders(request, dirname(body["name"]))
        experiment_id = body["experiment_id"]
        found = add(
            request.workspace,
            body["name"],
            "MLFLOW_EXPERIMENT",
            owner=request.caller,
            resource_id=experiment_id,
            created_at=body["creation_time"],
            modified_at=request.now,
        )
        found["object_id"] = int(experiment_id)
        body["lifecycle_stage"] = "active"


def _asked(request: Request, level: str) -> Json:
    body = _experiment(request, str(request.need("experiment_id")), level)
    if body["lifecycle_stage"] != "active":
        raise ApiError(400, "INVALID_STATE", f"Experiment {body['experiment_id']} is deleted")
    return body


def _experiment(request: Request, experiment_id: str, level: str) -> Json:
    found = request.workspace.table(KIND).get(experiment_id)
    if found is None:
        raise missing(f"Node ID {experiment_id} does not exist.")
    permissions.require(request, KIND, experiment_id, level)
    return found


@seeds("experiments")
def seed_experiment(seed: Seed, item: Json) -> None:
    """``[[2001.experiments]]``: ``name``, ``tags`` (a table), ``by``, ``at``, ``permissions``."""
    creation = {"by": item.get("by"), "at": item.get("at")}
    tags = [{"key": key, "value": value} for key, value in item.get("tags", {}).items()]
    body = {name: item[name] for name in ("name", "artifact_location") if name in item}
    folder = {"path": dirname(item["name"])}
    seed.call("POST", "/api/2.0/workspace/mkdirs", folder, **creation)
    made = seed.call("POST", f"{_PATH}/create", body | {"tags": tags}, **creation)["experiment_id"]
    seed.remember("experiment", item["name"], made)
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{made}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})
