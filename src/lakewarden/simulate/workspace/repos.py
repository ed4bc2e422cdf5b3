"""``/api/2.0/repos``: Git folders, within the workspace's list of allowed Git URLs."""

from __future__ import annotations

from posixpath import basename, dirname

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import (
    ApiError,
    Request,
    Seed,
    invalid,
    missing,
    page,
    seeds,
)
from lakewarden.simulate.workspace import permissions
from lakewarden.simulate.workspace.switches import conf_on
from lakewarden.simulate.workspace.wire import route
from lakewarden.simulate.workspace.workspace_tree import (
    add,
    follows,
    make_folders,
    normal,
    remove,
    tree,
)

KIND = "repos"
_PATH = "/api/2.0/repos"


@route("GET", _PATH)
def list_repos(request: Request) -> Json:
    """The Git folders the caller manages, 20 a page; the request's token is ``next_page_token``."""
    if "next_page_token" in request.query:
        request.query["page_token"] = request.query["next_page_token"]
    workspace, caller = request.workspace, request.caller
    prefix = request.query.get("path_prefix")
    seen = [
        body
        for repo_id, body in workspace.table(KIND).items()
        if (prefix is None or body["path"].startswith(normal(prefix)))
        and permissions.allowed(workspace, caller, KIND, repo_id, "CAN_MANAGE")
    ]
    return page(request, seen, "repos", size=20, most=20)


@route("GET", _PATH + "/{repo_id}")
def get_repo(request: Request) -> Json:
    """One Git folder."""
    return _repo(request, "CAN_READ")


@route("POST", _PATH, audit="repos.createRepo")
def create_repo(request: Request) -> Json:
    """Clone a Git repository into the tree, at its default branch."""
    if not conf_on(request.workspace, "enableProjectTypeInWorkspace", default=True):
        raise ApiError(404, "FEATURE_DISABLED", "Git folders are disabled in this workspace.")
    url, provider = request.need("url"), request.need("provider")
    _check_url(request, url)
    name = basename(url).removesuffix(".git")
    path = normal(request.body.get("path") or f"/Repos/{request.caller.name}/{name}")
    if path in tree(request):
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Path {path} already exists")
    make_folders(request, dirname(path))
    repo_id = add(request.workspace, path, "REPO", owner=request.caller, created_at=request.now)[
        "object_id"
    ]
    request.workspace.table(KIND)[str(repo_id)] = {
        "id": repo_id,
        "path": path,
        "url": url,
        "provider": provider,
        "branch": "main",
        "head_commit_id": request.account.ids.hex(40),
        "git_cli_enabled": False,
        **({"sparse_checkout": sparse} if (sparse := request.body.get("sparse_checkout")) else {}),
    }
    return request.workspace.table(KIND)[str(repo_id)]


@route("PATCH", _PATH + "/{repo_id}", audit="repos.updateRepo")
def update_repo(request: Request) -> Json:
    """Check out a branch or tag."""
    body = _repo(request, "CAN_EDIT")
    if ("branch" in request.body) == ("tag" in request.body):
        raise invalid("Give one of branch and tag")
    body.pop("branch", None)
    if "branch" in request.body:
        body["branch"] = request.body["branch"]
    body["head_commit_id"] = request.account.ids.hex(40)
    return body


@route("DELETE", _PATH + "/{repo_id}", audit="repos.deleteRepo")
def delete_repo(request: Request) -> None:
    """Remove a Git folder with all in it."""
    remove(request, _repo(request, "CAN_MANAGE")["path"])


@follows("REPO")
def _forget(request: Request, body: Json) -> None:
    request.workspace.table(KIND).pop(body["resource_id"], None)


def _repo(request: Request, level: str) -> Json:
    found = request.workspace.table(KIND).get(request.params["repo_id"])
    if found is None:
        raise missing(f"Repo {request.params['repo_id']} does not exist")
    permissions.require(request, KIND, request.params["repo_id"], level)
    return found


def _check_url(request: Request, url: str) -> None:
    """Refuse a URL that is not on the allow list, when the list covers cloning."""
    if not url.startswith("https://"):
        raise invalid(f"Invalid Git URL {url}")
    conf = request.workspace.conf
    covered = conf.get("projectsAllowListPermissions") == "ALLOWLISTED_CLONE_COMMIT_PUSH"
    if not (covered and conf_on(request.workspace, "enableProjectsAllowList", default=False)):
        return
    prefixes = [p.strip() for p in conf.get("projectsAllowList", "").split(",") if p.strip()]
    if not any(_begins(url, prefix) for prefix in prefixes):
        message = f"The Git URL {url} is not on the allow list of this workspace."
        raise ApiError(403, "GIT_URL_NOT_ON_ALLOW_LIST", message)


def _begins(url: str, prefix: str) -> bool:
    """Whether a URL is a prefix or lies below it; `.../acme` does not cover `.../acme-fork`."""
    url, prefix = url.lower().removesuffix(".git"), prefix.lower().removesuffix(".git").rstrip("/")
    return url == prefix or url.startswith(prefix + "/")


@seeds("repos")
def seed_repo(seed: Seed, item: Json) -> None:
    """``[[2001.repos]]``: a Git folder, made ``by`` somebody, at a ``branch``; ``permissions``."""
    body = {name: v for name, v in item.items() if name not in {"branch", "by", "permissions"}}
    made = seed.call("POST", _PATH, body, by=item.get("by"))
    if "branch" in item:
        seed.call("PATCH", f"{_PATH}/{made['id']}", {"branch": item["branch"]})
    seed.remember("repo", made["path"], str(made["id"]))
    if "permissions" in item:
        path = f"/api/2.0/permissions/{KIND}/{made['id']}"
        seed.call("PATCH", path, {"access_control_list": item["permissions"]})
