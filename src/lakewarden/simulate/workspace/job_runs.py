"""``/api/2.2/jobs/runs`` (and 2.1, 2.0): runs, each over as soon as it is asked for.

A job's clusters are launched anew at each run, for whom it runs as and under the policies as they
are by then. Where that is refused, the run fails; the call that asked for it does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, invalid, page
from lakewarden.simulate.workspace import identity
from lakewarden.simulate.workspace.jobs import check_cluster, job, sees, served

KIND = "job-runs"
LIST_MOST = 25
_DONE = {
    "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""},
    "status": {
        "state": "TERMINATED",
        "termination_details": {"code": "SUCCESS", "type": "SUCCESS"},
    },
}


@served("POST", "run-now", audit="jobs.runNow")
def run_now(request: Request) -> Json:
    """Run a job once."""
    body = job(request, request.need("job_id"), "CAN_MANAGE_RUN")
    settings = body["settings"]
    run = _finished(request, settings.get("tasks", []), settings.get("name", ""), "JOB_RUN")
    run |= {"job_id": body["job_id"], "run_as_user_name": body["run_as_user_name"]}
    _launch(request, body, run)
    return {"run_id": run["run_id"], "number_in_job": run["run_id"]}


def _launch(request: Request, body: Json, run: Json) -> None:
    """Launch the clusters of a job for a run; what is refused makes the run fail."""
    settings, name = body["settings"], body["run_as_user_name"]
    found = identity.named(request.account, name)
    if found is None:
        return _fail(request, run, body, f"{name} does not exist any more")
    caller = identity.caller(request.account, request.workspace, found[1]["id"], request.address)
    by = replace(request, caller=caller, events=[], main_event=None, audit_params={})
    entries = [*settings.get("job_clusters", ()), *settings.get("tasks", ())]
    for entry in entries:
        if "new_cluster" in entry:
            key = entry.get("job_cluster_key") or entry["task_key"]
            label = f"job-{body['job_id']}-run-{run['run_id']}-{key}"
            spec = entry["new_cluster"] | {"cluster_name": label}
            owner = {"cluster_creator": "JOB_LAUNCHER", "user": name}
            request.audit("clusters.create", spec | owner)
        try:
            check_cluster(by, entry)
        except ApiError as refusal:
            return _fail(request, run, body, refusal.message)
    return None


def _fail(request: Request, run: Json, body: Json, why: str) -> None:
    run["state"] = {**run["state"], "result_state": "FAILED", "state_message": why}
    details = {"code": "CLUSTER_ERROR", "type": "CLIENT_ERROR", "message": why}
    run["status"] = {"state": "TERMINATED", "termination_details": details}
    params = {"jobId": body["job_id"], "runId": run["run_id"], "jobTriggerType": "one_time"}
    request.audit("jobs.runFailed", params)


@served("POST", "runs/submit", audit="jobs.submitRun")
def submit_run(request: Request) -> Json:
    """Run tasks once without a job."""
    tasks = request.body.get("tasks") or [request.body]
    for task in tasks:
        check_cluster(request, task)
    run = _finished(request, tasks, request.body.get("run_name", "Untitled"), "SUBMIT_RUN")
    return {"run_id": run["run_id"]}


@served("GET", "runs/list")
def list_runs(request: Request) -> Json:
    """Runs, newest first; limit <= 25."""
    wanted = request.query.get("job_id")
    seen = [
        run
        for run in reversed(request.workspace.table(KIND).values())
        if wanted in {None, str(run.get("job_id"))} and _visible(request, run)
    ]
    answer = page(request, seen, "runs", size=20, most=LIST_MOST)
    return answer | {"has_more": "next_page_token" in answer}


@served("GET", "runs/get")
def get_run(request: Request) -> Json:
    """One run."""
    run_id = request.need_query("run_id")
    run = request.workspace.table(KIND).get(run_id)
    if run is None or not _visible(request, run):
        raise invalid(f"Run {run_id} does not exist.")
    return run


def _visible(request: Request, run: Json) -> bool:
    """Runs of jobs are seen by everybody who sees the job; others by their creator and admins."""
    return (
        request.caller.admin
        or run["creator_user_name"] == request.caller.name
        or ("job_id" in run and sees(request, str(run["job_id"])))
    )


def _finished(request: Request, tasks: list[Any], name: str, kind: str) -> Json:
    run_id = request.account.ids.number()
    run: Json = {
        "run_id": run_id,
        "run_name": name,
        "run_type": kind,
        "creator_user_name": request.caller.name,
        "run_as_user_name": request.caller.name,
        "start_time": request.now,
        "end_time": request.now,
        "tasks": [
            {
                "run_id": request.account.ids.number(),
                "task_key": task.get("task_key", "task"),
                **_DONE,
            }
            for task in tasks
        ],
        **_DONE,
    }
    request.workspace.table(KIND)[str(run_id)] = run
    return run
