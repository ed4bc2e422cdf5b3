"""``/api/2.2/jobs`` (and 2.1, 2.0): jobs, whom they run as and what they run on."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, Seed, denied, invalid, page, seeds
from lakewarden.simulate.workspace import identity, permissions
from lakewarden.simulate.workspace.cluster_spec import given, govern
from lakewarden.simulate.workspace.clusters import cluster
from lakewarden.simulate.workspace.paging import visible_page
from lakewarden.simulate.workspace.switches import conf_on, may_act_as
from lakewarden.simulate.workspace.wire import route

KIND = "jobs"
LIST_MOST = 100
PART_MOST = 100
TASKS_MOST = 1000
_PARTS = ("tasks", "job_clusters")

Handler = Callable[[Request], Any]


def served(method: str, name: str, *, audit: str | None = None) -> Callable[[Handler], Handler]:
    """Serve a handler under every version of the Jobs API."""

    def register(handler: Handler) -> Handler:
        for api in ("2.0", "2.1", "2.2"):
            route(method, f"/api/{api}/jobs/{name}", audit=audit)(handler)
        return handler

    return register


def job(request: Request, job_id: object, level: str) -> Json:
    """One job on which the caller holds a level."""
    found = request.workspace.table(KIND).get(str(job_id))
    if found is None:
        raise invalid(f"Job {job_id} does not exist.")
    if not (level == "CAN_VIEW" and _everybody_sees(request)):
        permissions.require(request, KIND, str(job_id), level)
    return found


def _everybody_sees(request: Request) -> bool:
    return not conf_on(request.workspace, "enableJobViewAcls", default=True)


@served("GET", "list")
def list_jobs(request: Request) -> Json:
    """The jobs the caller may see, newest first; limit <= 100.

    Tasks and job clusters come with ``expand_tasks``, the first 100 of each; ``has_more`` of a job
    says that `get` has the rest.
    """
    if not 1 <= request.number("limit", 20) <= LIST_MOST:
        raise invalid(f"limit must be between 1 and {LIST_MOST}")
    if "offset" in request.query:
        request.query.setdefault(
            "page_token", base64.urlsafe_b64encode(request.query["offset"].encode()).decode()
        )
    name = request.query.get("name", "").lower()
    answer = visible_page(
        request,
        request.workspace.table(KIND),
        "jobs",
        lambda body: name in {"", _name(body)} and sees(request, str(body["job_id"])),
        size=20,
        most=LIST_MOST,
        newest_first=True,
    )
    expand = request.flag("expand_tasks")
    answer["jobs"] = [_brief(body, expand=expand) for body in answer["jobs"]]
    return answer | {"has_more": "next_page_token" in answer}


def _name(body: Json) -> str:
    return str(body["settings"].get("name", "")).lower()


def sees(request: Request, job_id: str) -> bool:
    """Whether a job is on the lists the caller gets."""
    return _everybody_sees(request) or permissions.allowed(
        request.workspace, request.caller, KIND, job_id, "CAN_VIEW"
    )


def _brief(body: Json, *, expand: bool) -> Json:
    """A job as the list shows it: with ``run_as_user_name`` and without ``settings.run_as``.

    That is what a report on the real list says (databricks-sdk-py issue 967); the SDK's type knows
    neither of the two in lists.
    """
    settings = {k: v for k, v in body["settings"].items() if k not in {*_PARTS, "run_as"}}
    more = False
    for part in _PARTS if expand else ():
        if part in body["settings"]:
            settings[part] = body["settings"][part][:PART_MOST]
            more = more or len(body["settings"][part]) > PART_MOST
    return body | {"settings": settings} | ({"has_more": True} if more else {})


@served("GET", "get")
def get_job(request: Request) -> Json:
    """One job; tasks and job clusters in pages of 100."""
    body = job(request, request.need_query("job_id"), "CAN_VIEW")
    settings, answer = dict(body["settings"]), dict(body)
    request.query.pop("page_size", None)
    for part in _PARTS:
        if part in settings:
            cut = page(request, settings[part], part, size=PART_MOST, most=PART_MOST)
            settings[part] = cut[part]
            if token := cut.get("next_page_token"):
                answer |= {"next_page_token": token, "has_more": True}
    return answer | {"settings": settings}


@served("POST", "create", audit="jobs.create")
def create_job(request: Request) -> Json:
    """Make a job; it runs as its creator unless ``run_as`` says otherwise."""
    settings = {k: v for k, v in request.body.items() if k != "access_control_list"}
    job_id = request.account.ids.number()
    body = {
        "job_id": job_id,
        "creator_user_name": request.caller.name,
        "run_as_user_name": run_as(request, settings, request.caller.name),
        "created_time": request.now,
        "settings": _checked(request, {"name": "Untitled", **settings}),
    }
    request.workspace.table(KIND)[str(job_id)] = body
    permissions.register(request.workspace, KIND, str(job_id), owner=request.caller)
    request.audit_params["job_id"] = str(job_id)
    request.result({"job_id": job_id})
    return {"job_id": job_id}


@served("POST", "reset", audit="jobs.reset")
def reset_job(request: Request) -> None:
    """Replace a job's settings."""
    _resettle(request, request.need("new_settings"))


@served("POST", "update", audit="jobs.update")
def update_job(request: Request) -> None:
    """Change top-level settings; tasks and job clusters merge by their keys."""
    body = job(request, request.need("job_id"), "CAN_MANAGE")
    settings = dict(body["settings"])
    for name in request.body.get("fields_to_remove") or ():
        settings.pop(name, None)
    for name, value in (request.body.get("new_settings") or {}).items():
        settings[name] = _merged(settings.get(name), value) if name in _PARTS else value
    _resettle(request, settings)


def _merged(before: list[Json] | None, changes: list[Json]) -> list[Json]:
    """Elements by key: changed ones take the place of their namesakes."""

    def key(item: Json) -> str:
        return str(item.get("task_key") or item.get("job_cluster_key"))

    merged = {key(item): item for item in before or ()} | {key(item): item for item in changes}
    return list(merged.values())


def _resettle(request: Request, settings: Json) -> None:
    body = job(request, request.need("job_id"), "CAN_MANAGE")
    runs_as = run_as(request, settings, body["run_as_user_name"])
    body |= {"settings": _checked(request, settings), "run_as_user_name": runs_as}


@served("POST", "delete", audit="jobs.delete")
def delete_job(request: Request) -> None:
    """Remove a job."""
    body = job(request, request.need("job_id"), "CAN_MANAGE")
    del request.workspace.table(KIND)[str(body["job_id"])]
    permissions.forget(request.workspace, KIND, str(body["job_id"]))


def run_as(request: Request, settings: Json, now: str) -> str:
    """Whom a job, pipeline or alert runs as; 403 when the caller may not make it so.

    Admins may choose any user, unless they are restricted. A service principal takes the role on
    it, of admins as well.
    """
    wanted = settings.get("run_as") or {}
    name = wanted.get("service_principal_name") or wanted.get("user_name") or now
    if name in {now, request.caller.name}:
        return str(name)
    machine = "service_principal_name" in wanted
    if not identity.exists_on(request.workspace, "servicePrincipals" if machine else "users", name):
        raise invalid(f"'{name}' cannot be set as run_as: it does not exist in this workspace.")
    free = request.caller.admin and not identity.admins_restricted(request.workspace)
    if not (may_act_as(request.account, request.caller, name) if machine else free):
        raise denied(f"User {request.caller.name} is not allowed to set run_as to '{name}'.")
    return str(name)


def _checked(request: Request, settings: Json) -> Json:
    """The same settings, once every cluster they ask for is allowed."""
    tasks = settings.get("tasks") or []
    keys = [task.get("task_key") for task in tasks]
    if len(tasks) > TASKS_MOST:
        raise invalid(f"A job has at most {TASKS_MOST} tasks")
    if len(set(keys)) != len(keys) or None in keys:
        raise invalid("Every task needs a task_key of its own")
    shared = {entry["job_cluster_key"]: entry for entry in settings.get("job_clusters") or []}
    for entry in [*shared.values(), *tasks]:
        check_cluster(request, entry)
    for task in tasks:
        named = task.get("job_cluster_key")
        if named is not None and named not in shared:
            raise invalid(f"Job cluster '{named}' is not defined in field 'job_clusters'.")
    return settings


def check_cluster(request: Request, entry: Json) -> None:
    """Refuse a task or job cluster whose cluster the caller may not start."""
    if "new_cluster" in entry:
        given(entry["new_cluster"])
        govern(request, entry["new_cluster"], "job")
    if "existing_cluster_id" in entry:
        cluster(request, entry["existing_cluster_id"], "CAN_RESTART")


@seeds("jobs")
def seed_job(seed: Seed, item: Json) -> None:
    """``[[2001.jobs]]``: a job of the API, plus ``by``, ``at``, ``permissions`` and ``chain``.

    A chain is ``count`` tasks like ``task``, each of which depends on the one before it.
    """
    extra = {"by", "at", "permissions", "chain"}
    body = {name: v for name, v in item.items() if name not in extra}
    for number in range(item.get("chain", {}).get("count", 0)):
        above = {"depends_on": [{"task_key": f"step-{number - 1:03d}"}]} if number else {}
        step = {"task_key": f"step-{number:03d}", **above, **item["chain"]["task"]}
        body.setdefault("tasks", []).append(step)
    for task in body.get("tasks", ()):
        if "run_job_task" in task:
            task["run_job_task"]["job_id"] = int(task["run_job_task"]["job_id"])
    creation = {"by": item.get("by"), "at": item.get("at")}
    job_id = seed.call("POST", "/api/2.2/jobs/create", body, **creation)["job_id"]
    seed.remember("job", item["name"], str(job_id))
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{job_id}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})


@seeds("job_sets")
def seed_jobs(seed: Seed, item: Json) -> None:
    """``[[2001.job_sets]]``: one job for each of ``names``, made of the rest.

    ``{name}`` in a text stands for the job's name.
    """
    for name in item["names"]:
        template = {key: value for key, value in item.items() if key != "names"}
        seed_job(seed, {"name": name, **_named(template, name)})


def _named(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _named(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, name) for item in value]
    return value.replace("{name}", name) if isinstance(value, str) else value
