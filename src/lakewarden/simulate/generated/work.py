"""Drawn pipelines, jobs, experiments, models and serving endpoints."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.generated.compute import specification
from lakewarden.simulate.generated.draw import Draw

_MANY = 120
_CRON = {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC"}
_STATES = ("PAUSED", "UNPAUSED")


def pipeline(draw: Draw, _: int) -> None:
    """A pipeline."""
    notebook = draw.pick("notebook") or "/Shared/none"
    body = {
        "name": draw.name(),
        "serverless": True,
        "continuous": draw.maybe(0.3),
        "development": draw.maybe(0.3),
        "libraries": [{"notebook": {"path": notebook}}],
        "configuration": {"stage": draw.plain("stage")},
    }
    made = draw.call("POST", "/api/2.0/pipelines", body)["pipeline_id"]
    draw.keep("pipeline", made)
    draw.permit("pipelines", made)


def experiment(draw: Draw, place: int) -> None:
    """An experiment; some are in the trash."""
    tags = [{"key": draw.plain("tag"), "value": draw.name()} for _ in range(draw.rng.randint(0, 3))]
    body = {"name": draw.path(), "tags": tags}
    made = draw.call("POST", "/api/2.0/mlflow/experiments/create", body)["experiment_id"]
    if draw.gone(place):
        draw.call("POST", "/api/2.0/mlflow/experiments/delete", {"experiment_id": made})
        return
    draw.permit("experiments", made)


def model(draw: Draw, _: int) -> None:
    """A model with up to three versions."""
    name = draw.plain("model")
    tags = [{"key": draw.plain("tag"), "value": draw.name()}] if draw.maybe(0.5) else []
    body = {"name": name, "description": draw.text(0, 2), "tags": tags}
    draw.call("POST", "/api/2.0/mlflow/registered-models/create", body)
    for _ in range(draw.rng.randint(0, 3)):
        version = {"name": name, "source": f"dbfs:/models/{draw.plain('run')}"}
        draw.call("POST", "/api/2.0/mlflow/model-versions/create", version)
    draw.permit("registered-models", draw.workspace.table("model-names")[name]["id"])


def endpoint(draw: Draw, _: int) -> None:
    """A serving endpoint."""
    served = {"entity_name": draw.plain("model"), "entity_version": "1", "workload_size": "Small"}
    body = {
        "name": draw.plain("endpoint"),
        "config": {"served_entities": [served | {"scale_to_zero_enabled": draw.maybe(0.5)}]},
        "tags": [{"key": "Owner", "value": draw.plain("team")}],
    }
    made = draw.call("POST", "/api/2.0/serving-endpoints", body)
    draw.permit("serving-endpoints", made["id"])


def job(draw: Draw, place: int) -> None:
    """A job of a few tasks, or of many; now and then two have one name."""
    count = _MANY if place % 200 == 7 else draw.rng.randint(1, 5)  # noqa: PLR2004 - some have many
    keys = [f"step_{number}" for number in range(count)]
    settings: dict[str, Any] = {
        "name": draw.pick("job name", 0.05) or draw.keep("job name", draw.name()),
        "max_concurrent_runs": draw.rng.randint(1, 3),
        "tags": {"Owner": draw.plain("team")},
        "tasks": [_task(draw, keys, number) for number in range(count)],
        **_start(draw),
    }
    if any("job_cluster_key" in task for task in settings["tasks"]):
        shared = {"job_cluster_key": "main", "new_cluster": specification(draw)}
        settings["job_clusters"] = [shared]
    if who := draw.pick("user", 0.3):
        settings["run_as"] = {"user_name": who}
    elif who := draw.pick("service principal", 0.5):
        settings["run_as"] = {"service_principal_name": who}
    if told := draw.pick("destination", 0.2):
        settings["webhook_notifications"] = {"on_failure": [{"id": told}]}
    made = draw.call("POST", "/api/2.2/jobs/create", settings)["job_id"]
    draw.keep("job", str(made))
    draw.permit("jobs", made)


def _start(draw: Draw) -> dict[str, Any]:
    """What starts a job by itself, if anything."""
    state = {"pause_status": draw.rng.choice(_STATES)}
    arrival = {"file_arrival": {"url": "s3://generated/landing/"}}
    ways: tuple[dict[str, Any], ...] = (
        {},
        {"schedule": _CRON | state},
        {"continuous": state},
        {"trigger": arrival | state},
    )
    return draw.rng.choice(ways)


def _task(draw: Draw, keys: list[str], number: int) -> dict[str, Any]:
    task: dict[str, Any] = {"task_key": keys[number], **_does(draw)}
    if number and draw.maybe(0.7):
        task["depends_on"] = [{"task_key": draw.rng.choice(keys[:number])}]
    if "notebook_task" in task:
        used = draw.pick("cluster", 0.4)
        task |= {"existing_cluster_id": used} if used else {"job_cluster_key": "main"}
    return task


def _does(draw: Draw) -> dict[str, Any]:
    """What a task does, if what it needs is there; else it runs a notebook."""
    warehouse = draw.pick("warehouse")
    kind = draw.rng.choice(("query", "dashboard", "pipeline", "job", "alert", "", "", ""))
    named = draw.pick(kind) if kind else None
    if named and kind == "query":
        return {"sql_task": {"warehouse_id": warehouse, "query": {"query_id": named}}}
    if named and kind == "dashboard":
        return {"dashboard_task": {"dashboard_id": named, "warehouse_id": warehouse}}
    if named and kind == "pipeline":
        return {"pipeline_task": {"pipeline_id": named}}
    if named and kind == "job":
        return {"run_job_task": {"job_id": int(named)}}
    if named and kind == "alert":
        return {"alert_task": {"alert_id": named, "warehouse_id": warehouse}}
    notebook = draw.pick("notebook") or "/Shared/none"
    return {"notebook_task": {"notebook_path": notebook, "source": "WORKSPACE"}}
