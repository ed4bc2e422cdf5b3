"""What jobs and pipelines run on, what warehouses share, who may use compute, who obeys policies.

Jobs carry the clusters that they make within them, the first hundred on the list and the rest in
pages of their own; pipelines show theirs one call each.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.paging import Paging, items
from lakewarden.collect import redact
from lakewarden.collect.aws_calls import pages, regions
from lakewarden.collect.objects import ask_one, pass_on
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.compute import CLUSTER_POLICIES, CLUSTERS, INSTANCE_TYPES, NODE_TYPES
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.kind import Kind
from lakewarden.estate.record import hollow
from lakewarden.estate.workloads import (
    CLUSTER_PERMISSIONS,
    INSTANCE_POOLS,
    JOB_CLUSTERS,
    PIPELINE_CLUSTERS,
    POLICY_COMPLIANCE,
    POLICY_PERMISSIONS,
    POOL_PERMISSIONS,
    WAREHOUSE_CONFIG,
    WAREHOUSE_PERMISSIONS,
    WAREHOUSES,
)

Json = Mapping[str, Any]

_JOB: Final = "/api/2.2/jobs/get"
_WHOLE_JOB: Final = "cluster"
_FILTERED: Final = 100
"""How many values one filter of an AWS call may have, with some to spare."""
_OBJECTS: Final[dict[str, Kind[Any]]] = {
    CLUSTER_PERMISSIONS.name: CLUSTERS,
    POLICY_PERMISSIONS.name: CLUSTER_POLICIES,
    POOL_PERMISSIONS.name: INSTANCE_POOLS,
    WAREHOUSE_PERMISSIONS.name: WAREHOUSES,
}
"""The objects of which each kind of permissions is read."""


@collects(CLUSTER_PERMISSIONS, POLICY_PERMISSIONS, POOL_PERMISSIONS, WAREHOUSE_PERMISSIONS)
def permissions(task: Task) -> Iterator[Any]:
    """Read the access control list of every object of a kind."""
    objects = task.before(_OBJECTS[task.kind.name])

    def one(thing: Any) -> Any:
        path = task.path.replace("{id}", thing.id)
        name = None if thing.name.gap else thing.name.get()
        return ask_one(task, path, {"id": thing.id}, more={"name": name})

    yield from task.fan_out(one, objects.seen())
    pass_on(objects.gap)


@collects(WAREHOUSE_CONFIG)
def warehouse_config(task: Task) -> Iterator[Any]:
    """Read what all warehouses of a workspace share."""
    yield ask_one(task, task.path, {"id": "warehouses"})


@collects(POLICY_COMPLIANCE)
def policy_compliance(task: Task) -> Iterator[Any]:
    """Read, policy by policy, which clusters are no longer what it asks for."""
    policies = task.before(CLUSTER_POLICIES)
    for policy in policies.seen():
        for item in items(
            task.databricks.get,
            task.path,
            "clusters",
            Paging.TOKEN,
            query={"policy_id": policy.id},
            trust_empty=task.trust_empty,
        ):
            yield task.record(item)
    pass_on(policies.gap)


@collects(JOB_CLUSTERS)
def job_clusters(task: Task) -> Iterator[Any]:
    """Read every cluster that a job makes: for several of its tasks, or for one."""
    query = {"limit": 100, "expand_tasks": "true"}
    jobs = items(
        task.databricks.get,
        task.path,
        "jobs",
        Paging.TOKEN,
        query=query,
        trust_empty=task.trust_empty,
    )
    for job in jobs:
        settings = job.get("settings")
        if not isinstance(settings, Mapping):
            raise CallFailedError(Cause.MISSING_FIELD, f"no settings of job {job.get('job_id')}")
        pages = _job_pages(task, job) if job.get("has_more") is True else (settings,)
        for part, spec in _specs(pages):
            name = f"{settings.get('name') or job.get('job_id')}, {part}"
            keys = {"job_id": job.get("job_id"), "part": part, "name": name}
            yield task.record({**redact.cluster(spec), **keys})


def _job_pages(task: Task, job: Json) -> Iterator[Json]:
    """Yield the settings of a job with more tasks than its list shows, page by page."""
    query: dict[str, Any] = {"job_id": job.get("job_id")}
    seen: set[str] = set()
    while True:
        answer = task.databricks.get(_JOB, query)
        settings = answer.get("settings") if isinstance(answer, Mapping) else None
        if not isinstance(settings, Mapping):
            detail = f"no settings of job {job.get('job_id')}"
            raise CallFailedError(Cause.MISSING_FIELD, detail, source=f"GET {_JOB}")
        yield settings
        token = answer.get("next_page_token")
        if not token:
            return
        if token in seen:
            detail = "the same page is announced twice"
            raise CallFailedError(Cause.MALFORMED, detail, source=f"GET {_JOB}")
        seen.add(token)
        query["page_token"] = token


def _specs(pages: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """Yield every cluster in the settings of a job, by the place where it is described."""
    for settings in pages:
        for entry in _objects(settings, "job_clusters"):
            yield f"cluster {entry.get('job_cluster_key', '')}", _spec(entry)
        for entry in _objects(settings, "tasks"):
            for name, task in _with_inner(entry):
                if "new_cluster" in task:
                    yield f"task {name}", _spec(task)
        if "new_cluster" in settings:
            yield _WHOLE_JOB, _spec(settings)


def _with_inner(task: Json) -> Iterator[tuple[str, Json]]:
    """Yield a task by its key, and the one that it repeats for each of many inputs by both."""
    name = task.get("task_key", "")
    yield name, task
    repeated = task.get("for_each_task")
    inner = repeated.get("task") if isinstance(repeated, Mapping) else None
    if isinstance(inner, Mapping):
        yield f"{name}/{inner.get('task_key', '')}", inner


def _objects(settings: Json, name: str) -> list[Json]:
    entries = settings.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(e, Mapping) for e in entries):
        raise CallFailedError(Cause.MALFORMED, f"{name} is not a list of objects")
    return entries


def _spec(entry: Json) -> Json:
    spec = entry.get("new_cluster")
    if not isinstance(spec, Mapping):
        raise CallFailedError(Cause.MALFORMED, "new_cluster is not an object")
    return spec


@collects(INSTANCE_TYPES)
def instance_types(task: Task) -> Iterator[Any]:
    """Read what AWS says of the machines that workspaces offer, each of them once."""
    wanted: set[str] = set()
    gap: Gap | None = None
    for workspace in task.before(WORKSPACES).seen():
        offered = task.so_far.collection(NODE_TYPES, f"workspace/{workspace.id}")
        wanted |= {node.id for node in offered.seen()}
        gap = gap or offered.gap
    for region in regions(task):
        client = task.cloud.client("ec2", region)
        names = sorted(wanted)
        for start in range(0, len(names), _FILTERED):
            filters = [{"Name": "instance-type", "Values": names[start : start + _FILTERED]}]
            for page in pages(client, "describe_instance_types", Filters=filters):
                if "InstanceTypes" not in page:
                    raise CallFailedError(Cause.MISSING_FIELD, "no InstanceTypes in the answer")
                found = {item.get("InstanceType") for item in page["InstanceTypes"]}
                yield from (task.record(item) for item in page["InstanceTypes"])
                wanted -= found
    pass_on(gap)


@collects(PIPELINE_CLUSTERS)
def pipeline_clusters(task: Task) -> Iterator[Any]:
    """Read every cluster that a pipeline makes, one call a pipeline; serverless ones make none.

    A pipeline that describes no cluster runs on one that the platform chooses.
    """
    listed = items(
        task.databricks.get,
        task.path,
        "statuses",
        Paging.TOKEN,
        query={"max_results": 100},
        trust_empty=task.trust_empty,
    )
    yield from itertools.chain.from_iterable(
        task.fan_out(lambda pipeline: _of_pipeline(task, pipeline), listed)
    )


def _within(answer: Any, name: str) -> Json:
    """Return the object of a name within an answer.

    Raises:
        CallFailedError: there is none.
    """
    found = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(found, Mapping):
        raise CallFailedError(Cause.MISSING_FIELD, f"no {name} in the answer")
    return found


def _of_pipeline(task: Task, pipeline: Json) -> list[Any]:
    identity = str(pipeline.get("pipeline_id", ""))
    shown = str(pipeline.get("name") or identity)
    try:
        spec = _within(task.databricks.get(f"{task.path}/{identity}"), "spec")
        if spec.get("serverless") is True:
            return []
        found = _objects(spec, "clusters") or [{}]
    except CallFailedError as error:
        return [hollow(task.kind.record, {"pipeline_id": identity, "part": ""}, task.gap(error))]
    records = []
    for entry in found:
        part = str(entry.get("label") or "default")
        keys = {"pipeline_id": identity, "part": part, "name": f"{shown}, {part}"}
        records.append(task.record({**redact.cluster(entry), **keys}))
    return records
