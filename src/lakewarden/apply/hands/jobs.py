"""Jobs: `/api/2.2/jobs`, their settings changed field by field and cluster by cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.fields import changed
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target

_GET: Final = "/api/2.2/jobs/get"
_KEYS: Final = {"tasks": "task_key", "job_clusters": "job_cluster_key"}
"""The lists whose entries are written one by one, and what tells these apart."""


class Job(Hand):
    """One job; the key of the target is its id.

    Its document is the answer of the API with all pages of tasks and clusters in one. Of the
    settings just those fields are written that a change touches, and of tasks and clusters just
    those entries, each whole and otherwise as it was read.
    """

    kind = "job"
    calls = (f"GET {_GET}", "POST /api/2.2/jobs/update")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the job; None when it is gone."""
        host = doors.databricks(target.scope)
        job = maybe(host, _GET, {"job_id": target.key})
        return None if job is None else _whole(host, job, target.key)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Write what differs in the settings."""
        old, new = found.get("settings") or {}, wanted.get("settings") or {}
        names = changed(old, new)
        body: dict[str, Any] = {
            "job_id": int(target.key),
            "new_settings": {n: _part(n, old, new) for n in names if new.get(n) is not None},
        }
        gone = [name for name in names if new.get(name) is None]
        if gone:
            body["fields_to_remove"] = gone
        doors.databricks(target.scope).send("POST", "/api/2.2/jobs/update", body)


def _part(name: str, old: Json, new: Json) -> Any:
    if name not in _KEYS:
        return new[name]
    before = list(old.get(name) or ())
    return [entry for entry in new[name] if entry not in before]


def _whole(host: DatabricksHost, first: Json, key: str) -> dict[str, Any]:
    """Return a job with the tasks and clusters of all its pages."""
    settings: dict[str, Any] = dict(first.get("settings") or {})
    page, seen = first, set[str]()
    while token := page.get("next_page_token"):
        if token in seen:
            raise CallFailedError(Cause.MALFORMED, "the same page is announced twice")
        seen.add(token)
        page = host.get(_GET, {"job_id": key, "page_token": token})
        more = page.get("settings") if isinstance(page, Mapping) else None
        if not isinstance(more, Mapping):
            raise CallFailedError(Cause.MISSING_FIELD, f"no settings of job {key} on a page")
        for name, identity in _KEYS.items():
            kept = list(settings.get(name) or ())
            known = {entry.get(identity) for entry in kept}
            fresh = [e for e in more.get(name) or () if e.get(identity) not in known]
            if kept or fresh:
                settings[name] = [*kept, *fresh]
    paging = {"next_page_token", "prev_page_token", "has_more", "settings"}
    return {**{k: v for k, v in first.items() if k not in paging}, "settings": settings}


HANDS = (Job(),)
