"""Jobs and pipelines."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.assets.kind import Body, Call, Json, Kind, Listing, Paging, Pause, Reference
from lakewarden.assets.kinds.compute import cluster_references

_TASKS: Final = ("tasks[].", "tasks[].for_each_task.task.")
_TOLD: Final = (
    *("alert_task.subscribers[]", "dashboard_task.subscription.subscribers[]"),
    *("sql_task.alert.subscriptions[]", "sql_task.dashboard.subscriptions[]"),
)
"""Whom a task tells of what it found."""
_OF_TASKS: Final = (
    ("existing_cluster_id", "cluster", False),
    ("pipeline_task.pipeline_id", "pipeline", False),
    ("run_job_task.job_id", "job", True),
    ("notebook_task.warehouse_id", "warehouse", False),
    ("sql_task.warehouse_id", "warehouse", False),
    ("sql_task.query.query_id", "query", False),
    ("sql_task.alert.alert_id", "alert", False),
    ("dbt_task.warehouse_id", "warehouse", False),
    ("dashboard_task.dashboard_id", "dashboard", False),
    ("dashboard_task.warehouse_id", "warehouse", False),
    ("alert_task.alert_id", "alert", False),
    ("alert_task.warehouse_id", "warehouse", False),
    ("power_bi_task.warehouse_id", "warehouse", False),
    *((f"{told}.destination_id", "notification_destination", False) for told in _TOLD),
)
_PAGED: Final = ("tasks", "job_clusters", "environments", "parameters")
_EVENTS: Final = (
    *("on_start", "on_success", "on_failure", "on_duration_warning_threshold_exceeded"),
    "on_streaming_backlog_exceeded",
)


def _run_as(name: Any) -> dict[str, str]:
    return {"user_name" if "@" in str(name) else "service_principal_name": str(name)}


def _job(raw: Json) -> Body:
    """Return the settings, with whom it runs as: made by another, it would run as that one."""
    settings = dict(raw["settings"])
    if "run_as" not in settings and raw.get("run_as_user_name"):
        settings["run_as"] = _run_as(raw["run_as_user_name"])
    return settings


def _pipeline(raw: Json) -> Body:
    spec = dict(raw["spec"])
    if "run_as" not in spec and raw.get("run_as_user_name"):
        spec["run_as"] = _run_as(raw["run_as_user_name"])
    return spec


def _notified(prefix: str) -> tuple[Reference, ...]:
    return tuple(
        Reference(f"{prefix}webhook_notifications.{event}[].id", "notification_destination")
        for event in _EVENTS
    )


_JOB_REFERENCES: Final = (
    *(Reference(f"{t}{place}", kind, number) for t in _TASKS for place, kind, number in _OF_TASKS),
    *(r for t in _TASKS for r in cluster_references(f"{t}new_cluster.")),
    *cluster_references("job_clusters[].new_cluster."),
    *_notified(""),
    *(r for t in _TASKS for r in _notified(t)),
)
_MAIL: Final = tuple(f"email_notifications.{event}[]" for event in _EVENTS)

KINDS: Final = (
    Kind(
        name="job",
        title="jobs",
        listing=Listing("/api/2.2/jobs/list", "jobs", Paging.TOKEN, {"limit": "100"}),
        id="job_id",
        key="settings.name",
        unique=False,
        created="created_time",
        detail="/api/2.2/jobs/get?job_id={id}",
        paged=tuple(f"settings.{name}" for name in _PAGED),
        shape=_job,
        volatile=("format",),
        references=_JOB_REFERENCES,
        circular=True,
        principals=(
            *("run_as.user_name", "run_as.service_principal_name"),
            *(f"{of}{mail}" for of in ("", *_TASKS) for mail in _MAIL),
            *(f"{of}{told}.user_name" for of in _TASKS for told in _TOLD),
            *(f"{of}new_cluster.single_user_name" for of in ("job_clusters[].", *_TASKS)),
        ),
        arns=tuple(
            f"{of}new_cluster.aws_attributes.instance_profile_arn"
            for of in ("job_clusters[].", *_TASKS)
        ),
        acl="jobs",
        pauses=(
            Pause("schedule.pause_status"),
            Pause("continuous.pause_status"),
            Pause("trigger.pause_status"),
            Pause("triggers[].pause_status"),
        ),
        create=Call("POST", "/api/2.2/jobs/create", lambda spec, _: dict(spec)),
        update=Call(
            "POST",
            "/api/2.2/jobs/reset",
            lambda spec, asset: {"job_id": int(asset), "new_settings": dict(spec)},
        ),
        delete=Call("POST", "/api/2.2/jobs/delete", lambda _, asset: {"job_id": int(asset)}),
        limits="runs and their results are not kept",
    ),
    Kind(
        name="pipeline",
        title="pipelines",
        listing=Listing("/api/2.0/pipelines", "statuses", Paging.TOKEN, {"max_results": "100"}),
        id="pipeline_id",
        key="name",
        unique=False,
        created="pipeline_id",
        detail="/api/2.0/pipelines/{id}",
        shape=_pipeline,
        volatile=("id", "deployment.metadata_file_path"),
        references=cluster_references("clusters[]."),
        principals=("run_as.user_name", "run_as.service_principal_name"),
        arns=("clusters[].aws_attributes.instance_profile_arn", "storage"),
        acl="pipelines",
        pauses=(Pause("continuous", paused=False),),
        create=Call("POST", "/api/2.0/pipelines", lambda spec, _: dict(spec)),
        update=Call("PUT", "/api/2.0/pipelines/{id}", lambda spec, asset: {**spec, "id": asset}),
        delete=Call("DELETE", "/api/2.0/pipelines/{id}"),
        limits="checkpoints and tables of a pipeline are data, and not kept",
    ),
)
