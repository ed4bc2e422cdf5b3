"""``/api/2.0/policies/jobs/*-compliance``: do job clusters obey policies edited after them."""

from __future__ import annotations

from collections.abc import Iterator

from lakewarden.simulate import policy_language as language
from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, page
from lakewarden.simulate.workspace.cluster_policies import policies, policy
from lakewarden.simulate.workspace.cluster_spec import under_policy
from lakewarden.simulate.workspace.jobs import job, sees
from lakewarden.simulate.workspace.policy_compliance import (
    REPORTED_MOST,
    differences,
    mended,
    verdict,
)
from lakewarden.simulate.workspace.wire import route


@route("GET", "/api/2.0/policies/jobs/list-compliance")
def list_compliance(request: Request) -> Json:
    """The verdict on every job that uses a policy."""
    policy_id = policy(request, request.need_query("policy_id"))["policy_id"]
    rows = [
        {"job_id": body["job_id"]} | verdict(_violations(request, body))
        for job_id, body in request.workspace.table("jobs").items()
        if sees(request, job_id) and any(c["policy_id"] == policy_id for _, c in _clusters(body))
    ]
    return page(request, rows, "jobs", size=100, most=100)


@route("GET", "/api/2.0/policies/jobs/get-compliance")
def get_compliance(request: Request) -> Json:
    """The verdict on one job."""
    return verdict(_violations(request, job(request, request.need_query("job_id"), "CAN_VIEW")))


@route("POST", "/api/2.0/policies/jobs/enforce-compliance", audit="jobs.enforceCompliance")
def enforce_compliance(request: Request) -> Json:
    """Change a job's clusters as their policies demand; or, ``validate_only``, tell how."""
    body = job(request, request.need("job_id"), "CAN_MANAGE")
    changes: list[Json] = []
    for key, spec in list(_clusters(body)):
        if _contradictions(request, spec):
            after = mended(request, spec, "job")
            changes += differences(spec, after, f"{key}.")
            if not request.body.get("validate_only"):
                spec.update(after)
    return {
        "has_changes": bool(changes),
        "job_cluster_changes": changes,
        "settings": body["settings"],
    }


def _clusters(body: Json) -> Iterator[tuple[str, Json]]:
    """The new clusters of a job that have a policy, by the key that stands for each."""
    settings = body["settings"]
    for entry in [*(settings.get("job_clusters") or ()), *(settings.get("tasks") or ())]:
        if entry.get("new_cluster", {}).get("policy_id"):
            yield entry.get("job_cluster_key") or entry["task_key"], entry["new_cluster"]


def _violations(request: Request, body: Json) -> dict[str, str]:
    found = {
        f"{key}.{violation.path}": str(violation)
        for key, spec in _clusters(body)
        for violation in _contradictions(request, spec)
    }
    return dict(list(found.items())[:REPORTED_MOST])


def _contradictions(request: Request, spec: Json) -> list[language.Violation]:
    """What a policy has against a job cluster once its own values are filled in."""
    stored = policies(request.workspace).get(spec["policy_id"])
    if stored is None:
        return []
    try:
        under_policy(request, spec, stored, "job")
    except language.ViolatedError as error:
        return error.violations
    return []
