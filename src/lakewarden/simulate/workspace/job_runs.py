"""``/api/2.2/jobs/runs`` (and 2.1, 2.0): runs, each over as soon as it is asked for."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, invalid, page
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
    return {"run_id": run["run_id"], "number_in_job": run["run_id"]}


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
