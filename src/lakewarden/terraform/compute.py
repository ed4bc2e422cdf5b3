"""Resources that run code: clusters, the policies that bind them, jobs, pools, warehouses."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.collect import redact
from lakewarden.estate import code, compute, secrets, workloads
from lakewarden.estate.record import plan_of
from lakewarden.semantics.secret_shapes import shapes_in_script
from lakewarden.terraform.entries import Entry, Reader, Source, same
from lakewarden.terraform.values import Part, Unsaid, has_unknown

_JOB_BLOCKS: Final = ("task", "job_cluster", "new_cluster", "parameter")


def _redacted(source: Source) -> Source:
    """Return the resource without the values of its Spark configuration and environment."""
    values = redact.cluster(source.resource.values)
    return replace(source, resource=replace(source.resource, values=values))


def _cluster(source: Source) -> Iterator[Entry]:
    """A cluster; what Terraform makes, it makes by the API."""
    [entry] = same(compute.CLUSTERS)(_redacted(source))
    yield replace(entry, fields={**entry.fields, "cluster_source": "API"})
    libraries = [
        {
            "library": {
                k: _library(v) for k, v in block.resource.values.items() if v not in (None, [])
            }
        }
        for block in source.blocks("library")
    ]
    told = {"cluster_id": source.name(), "library_statuses": Part(libraries)}
    yield Entry(code.CLUSTER_LIBRARIES, told)


def _library(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _policy(source: Source) -> Iterator[Entry]:
    values = redact.policy(source.resource.values)
    yield from same(compute.CLUSTER_POLICIES)(
        replace(source, resource=replace(source.resource, values=values))
    )


def _job(source: Source) -> Iterator[Entry]:
    """A job, the clusters that it makes, and what its settings look like."""
    fields = {
        field.path: source.name()
        if field.is_key
        else source.get(field.path.removeprefix("settings."))
        for field in plan_of(compute.JOBS.record)
    }
    fields |= {
        **_run_as(source),
        "settings.tasks": source.get("task"),
        "has_more": None,
    }
    yield Entry(compute.JOBS, fields)
    yield from _job_clusters(source)
    told = {"settings.name": source.one("name"), "withheld": _looks(source)}
    yield Entry(secrets.JOB_SETTINGS, {"job_id": source.name(), **told})


def _looks(source: Source) -> Any:
    """Return what the settings of a job look like, as far as they are known."""
    if isinstance(source.get("task"), Unsaid):
        return Unsaid.LATER
    looks = redact.settings_of(source.resource.values)
    holes = any(has_unknown(_unknown(source, name)) for name in _JOB_BLOCKS)
    return Part(looks) if holes else looks


def _run_as(source: Source) -> dict[str, Any]:
    """Return the identity that the job runs as; without one, it runs as who makes it."""
    block = next(source.blocks("run_as"), None)
    if block is None:
        return {"settings.run_as": None, "run_as_user_name": Unsaid.SILENT}
    names = {n: block.one(n) for n in ("user_name", "service_principal_name", "group_name")}
    if Unsaid.LATER in names.values():
        return dict.fromkeys(("settings.run_as", "run_as_user_name"), Unsaid.LATER)
    given = {n: name for n, name in names.items() if isinstance(name, str) and name}
    return {"settings.run_as": given, "run_as_user_name": next(iter(given.values()), None)}


def _job_clusters(source: Source) -> Iterator[Entry]:
    name = source.one("name")
    for block in source.blocks("job_cluster"):
        yield from _specs(block, source, f"cluster {block.one('job_cluster_key')}", name)
    for block in source.blocks("task"):
        yield from _specs(block, source, f"task {block.one('task_key')}", name)


def _specs(block: Source, job: Source, part: str, name: Any) -> Iterator[Entry]:
    for spec in block.blocks("new_cluster"):
        [entry] = same(workloads.JOB_CLUSTERS)(_redacted(spec))
        keys = {"job_id": job.name(), "part": part, "name": f"{name}, {part}"}
        yield replace(entry, fields={**entry.fields, **keys})


def _pipeline(source: Source) -> Iterator[Entry]:
    """A pipeline: the clusters that it makes, and what its settings look like."""
    name = source.one("name")
    for block in source.blocks("cluster"):
        [entry] = same(workloads.PIPELINE_CLUSTERS)(_redacted(block))
        part = block.one("label") or "default"
        keys = {"pipeline_id": source.name(), "part": part, "name": f"{name}, {part}"}
        yield replace(entry, fields={**entry.fields, **keys})
    blocks = ("cluster", "configuration")
    known = all(source.get(block) is not Unsaid.SILENT for block in blocks)
    looks = redact.settings_of(source.resource.values)
    holes = not known or any(has_unknown(_unknown(source, block)) for block in blocks)
    told = {"name": name, "withheld": Part(looks) if holes else looks}
    yield Entry(secrets.PIPELINE_SETTINGS, {"pipeline_id": source.name(), **told})


def _script(source: Source) -> Iterator[Entry]:
    """A global init script, whose text is classified here and goes no further."""
    content = source.get("content_base64")
    text: Any = Unsaid.LATER
    if isinstance(content, str) and content:
        try:
            text = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            text = Unsaid.LATER
    known = isinstance(text, bytes)
    shown = {"script_id": source.name(), "name": source.one("name")}
    digest = hashlib.sha256(text).hexdigest() if known else text
    looks = shapes_in_script(text.decode("utf-8", "replace")) if known else text
    enabled = source.one("enabled")
    yield Entry(
        secrets.INIT_SCRIPTS, {**shown, "enabled": enabled, "sha256": digest, "withheld": looks}
    )


def _warehouse_config(source: Source) -> Iterator[Entry]:
    """What all warehouses share."""
    shared = {"id": "warehouses"}
    policy = source.one("security_policy")
    yield Entry(workloads.WAREHOUSE_CONFIG, {**shared, "security_policy": policy})
    looks = redact.settings_of({"data_access_config": source.get("data_access_config")})
    holes = has_unknown(_unknown(source, "data_access_config"))
    yield Entry(secrets.WAREHOUSE_SETTINGS, {**shared, "withheld": Part(looks) if holes else looks})


def _unknown(source: Source, name: str) -> Any:
    unknown = source.resource.unknown
    return unknown.get(name) if isinstance(unknown, Mapping) else unknown


COMPUTE: Final[Mapping[str, Reader]] = {
    "databricks_cluster": _cluster,
    "databricks_cluster_policy": _policy,
    "databricks_job": _job,
    "databricks_pipeline": _pipeline,
    "databricks_instance_pool": same(workloads.INSTANCE_POOLS, "id"),
    "databricks_sql_endpoint": same(workloads.WAREHOUSES),
    "databricks_sql_global_config": _warehouse_config,
    "databricks_global_init_script": _script,
}
"""How the resources of compute are read, by type."""
