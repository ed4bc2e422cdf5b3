"""The clusters that an event asks for: of clusters, of jobs, of runs."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.impact.event import Event
from lakewarden.impact.state import State
from lakewarden.plan.paths import path, with_values

CLUSTER_EVENTS: Final = frozenset({("clusters", "create"), ("clusters", "edit")})
JOB_EVENTS: Final = frozenset(
    ("jobs", action) for action in ("create", "reset", "update", "submitRun")
)
EVENTS: Final = CLUSTER_EVENTS | JOB_EVENTS
"""The events that carry specifications of clusters."""
_LAUNCHED: Final = re.compile(r"job-(\d+)-run-(\d+)-?(.*)")
"""The name of a cluster that a job launches: the job, the run, the key of the job cluster."""
_TEXTS: Final = frozenset({"cluster_name", "spark_version", "cluster_id", "single_user_name"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A cluster that somebody asked for.

    Attributes:
        spec: its attributes as asked for.
        kind: `all-purpose` or `job`, as cluster policies call it.
        what: what it is for: a cluster's name, a job.
        who: whose cluster it would be.
        existing: the cluster that is edited, or that a task runs on; empty for a new one.
    """

    spec: Mapping[str, Any]
    kind: str
    what: str
    who: str
    existing: str = ""

    @property
    def policy_id(self) -> str:
        """Return the policy that it is under; empty for none."""
        return str(self.spec.get("policy_id") or "")


@functools.lru_cache(maxsize=8)  # several rules look at one event, one after the other
def asked_for(event: Event, state: State) -> tuple[Asked, ...]:
    """Return the clusters that an event asks for; a part that was cut off is left out."""
    if (event.service, event.action) in CLUSTER_EVENTS:
        return (_cluster(event, state),)
    return tuple(_of_job(event))


def _of_job(event: Event) -> Iterator[Asked]:
    settings = _parsed(event.params, "new_settings")
    document = settings if isinstance(settings, Mapping) else _whole(event)
    label = str(document.get("name") or event.param("run_name", "job_id") or "a job")
    for part in ("job_clusters", "tasks"):
        for entry in _entries(document.get(part)):
            yield from _of_entry(entry, label, event.who)
    if not document.get("tasks"):
        yield from _of_entry(document, label, event.who)


def _of_entry(entry: Mapping[str, Any], label: str, who: str) -> Iterator[Asked]:
    spec = entry.get("new_cluster")
    if isinstance(spec, Mapping):
        yield Asked(spec, "job", label, who)
    elif entry.get("existing_cluster_id"):
        yield Asked({}, "job", label, who, str(entry["existing_cluster_id"]))


def _cluster(event: Event, state: State) -> Asked:
    spec: dict[str, Any] = _whole(event)
    name = event.param("cluster_name", "clusterName") or event.param("cluster_id", "clusterId")
    found = _LAUNCHED.match(name)
    if found is None:
        existing = event.param("cluster_id") if event.action == "edit" else ""
        return Asked(spec, "all-purpose", name, event.who, existing)
    job, who = state.job(event.scope, found[1]), event.who
    label = f"job {found[1]}"
    if job is not None:
        who = job.run_as_name.get() or who if job.run_as_name.gap is None else who
        label = job.name.get() if job.name.gap is None else label
    return Asked(_mended(spec, event, found, state), "job", label, who)


def _mended(
    spec: dict[str, Any], event: Event, found: re.Match[str], state: State
) -> Mapping[str, Any]:
    """Return the specification of a job's cluster as the plan leaves it."""
    change = state.changed("job", event.scope).get(found[1])
    if change is None:
        return spec
    for choice in (f"[job_cluster_key={found[3]}]", f"[task_key={found[3]}]"):
        part = "job_clusters" if "job_cluster_key" in choice else "tasks"
        place = path("settings", part, choice, "new_cluster")
        inner = {
            name.removeprefix(place): value
            for name, value in (state.at(change) or {}).items()
            if name.startswith(f"{place}/")
        }
        if inner:
            return with_values(spec, inner)
    return spec


def _whole(event: Event) -> dict[str, Any]:
    names = event.params
    made = {name: _parsed(names, name) for name in names}
    return {name: value for name, value in made.items() if value is not None}


def _parsed(params: Mapping[str, str], name: str) -> Any:
    """Return a parameter as what it was before it became text; None for what was cut off."""
    text = params.get(name)
    if text is None or name in _TEXTS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None if text[:1] in {"{", "["} else text


def _entries(value: Any) -> Iterator[Mapping[str, Any]]:
    entries = value if isinstance(value, list) else ()
    yield from (entry for entry in entries if isinstance(entry, Mapping))
