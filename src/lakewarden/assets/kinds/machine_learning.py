"""MLflow experiments, the models of the workspace registry, and serving endpoints."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.assets.kind import Body, Call, Json, Kind, Listing, Paging

_ML: Final = "/api/2.0/mlflow"
_HIDDEN: Final = "mlflow."


def _tags(raw: Json) -> list[dict[str, str]]:
    """Return the tags that people set; those of MLflow itself follow from what is done."""
    return [
        {"key": str(tag["key"]), "value": str(tag.get("value", ""))}
        for tag in raw.get("tags") or ()
        if not str(tag["key"]).startswith(_HIDDEN)
    ]


def _experiment(raw: Json) -> Body:
    return {"name": raw["name"], "tags": _tags(raw)}


def _model(raw: Json) -> Body:
    body: dict[str, Any] = {"name": raw["name"], "tags": _tags(raw)}
    if raw.get("description"):
        body["description"] = raw["description"]
    return body


KINDS: Final = (
    Kind(
        name="experiment",
        title="MLflow experiments",
        listing=Listing(
            f"{_ML}/experiments/search",
            "experiments",
            Paging.TOKEN,
            {"max_results": 1000, "view_type": "ACTIVE_ONLY"},
            verb="POST",
        ),
        id="experiment_id",
        key="name",
        shape=_experiment,
        unordered=("tags",),
        acl="experiments",
        skips=lambda raw: "it belongs to a notebook" if _of_notebook(raw) else "",
        create=Call("POST", f"{_ML}/experiments/create", lambda spec, _: dict(spec)),
        delete=Call("POST", f"{_ML}/experiments/delete", lambda _, asset: {"experiment_id": asset}),
        limits="runs, metrics and artifacts are data, and not kept",
    ),
    Kind(
        name="registered_model",
        title="models of the workspace registry",
        listing=Listing(
            f"{_ML}/registered-models/list",
            "registered_models",
            Paging.TOKEN,
            {"max_results": "1000"},
        ),
        id="name",
        key="name",
        detail=f"{_ML}/databricks/registered-models/get?name={{id}}",
        shape=lambda raw: _model(raw.get("registered_model_databricks", raw)),
        unordered=("tags",),
        acl="registered-models",
        acl_id="registered_model_databricks.id",
        create=Call("POST", f"{_ML}/registered-models/create", lambda spec, _: dict(spec)),
        update=Call(
            "PATCH",
            f"{_ML}/registered-models/update",
            lambda spec, _: {"name": spec["name"], "description": spec.get("description", "")},
        ),
        delete=Call("DELETE", f"{_ML}/registered-models/delete", query={"name": "{key}"}),
        limits="versions and their artifacts are data, and not kept",
    ),
    Kind(
        name="serving_endpoint",
        title="serving endpoints",
        listing=Listing("/api/2.0/serving-endpoints", "endpoints"),
        id="id",
        key="name",
        detail="/api/2.0/serving-endpoints/{key}",
        keeps=("name", "config", "tags", "ai_gateway", "route_optimized", "description"),
        volatile=(
            *("config.config_version", "config.served_entities[].state", "config.served_models"),
            *("config.served_entities[].creator", "config.served_entities[].creation_timestamp"),
        ),
        acl="serving-endpoints",
        create=Call("POST", "/api/2.0/serving-endpoints", lambda spec, _: dict(spec)),
        update=Call(
            "PUT",
            "/api/2.0/serving-endpoints/{key}/config",
            lambda spec, _: dict(spec.get("config") or {}),
        ),
        delete=Call("DELETE", "/api/2.0/serving-endpoints/{key}"),
        limits="secrets of external models are references to scopes, or are not read back",
    ),
)


def _of_notebook(raw: Json) -> bool:
    tags = {str(tag["key"]): str(tag.get("value")) for tag in raw.get("tags") or ()}
    return tags.get("mlflow.experimentType") == "NOTEBOOK"
