"""``/api/2.0/git-credentials``: each caller's own access to Git; tokens never come back."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, Seed, denied, missing, seeds
from lakewarden.simulate.workspace import identity
from lakewarden.simulate.workspace.switches import may_act_as
from lakewarden.simulate.workspace.wire import route

KIND = "git-credentials"
_PATH = "/api/2.0/git-credentials"
_SHOWN = ("credential_id", "git_provider", "git_username", "git_email", "name")


@route("GET", _PATH)
def list_credentials(request: Request) -> Json:
    """The caller's credentials, or those of the service principal ``principal_id``."""
    holder = _holder(request, request.query.get("principal_id"))
    kept = request.workspace.table(KIND).values()
    return {"credentials": [_shown(body) for body in kept if body["holder"] == holder]}


@route("GET", _PATH + "/{credential_id}")
def get_credential(request: Request) -> Json:
    """One credential."""
    return _shown(_credential(request))


@route("POST", _PATH, audit="gitCredentials.createGitCredential", audit_keys=_SHOWN)
def create_credential(request: Request) -> Json:
    """Store a credential."""
    credential_id = request.account.ids.number()
    body = {k: v for k, v in request.body.items() if k in _SHOWN}
    body |= {"credential_id": credential_id, "git_provider": request.need("git_provider")}
    holder = _holder(request, request.body.get("principal_id"))
    request.workspace.table(KIND)[str(credential_id)] = body | {"holder": holder}
    return _shown(body)


@route(
    "PATCH",
    _PATH + "/{credential_id}",
    audit="gitCredentials.updateGitCredential",
    audit_keys=_SHOWN,
)
def update_credential(request: Request) -> None:
    """Change a credential."""
    changes = {k: v for k, v in request.body.items() if k in _SHOWN and k != "credential_id"}
    _credential(request).update(changes)


@route("DELETE", _PATH + "/{credential_id}", audit="gitCredentials.deleteGitCredential")
def delete_credential(request: Request) -> None:
    """Remove a credential."""
    del request.workspace.table(KIND)[str(_credential(request)["credential_id"])]


def _holder(request: Request, principal_id: object) -> str:
    """The id of the principal whose credentials are meant, if the caller may act for it."""
    if principal_id is None:
        return request.caller.id
    found = identity.find(request.account, str(principal_id))
    if found is None or found[0] != "servicePrincipals":
        raise missing(f"Service principal {principal_id} does not exist")
    name = found[1]["applicationId"]
    if not request.caller.admin and not may_act_as(request.account, request.caller, name):
        raise denied(f"{request.caller.name} may not act as service principal {name}")
    return str(principal_id)


def _credential(request: Request) -> Json:
    found = request.workspace.table(KIND).get(request.params["credential_id"])
    if found is None or found["holder"] != _holder(request, request.query.get("principal_id")):
        raise missing(f"Git credential {request.params['credential_id']} does not exist")
    return found


def _shown(body: Json) -> Json:
    return {name: body[name] for name in _SHOWN if name in body}


@seeds("git_credentials")
def seed_credential(seed: Seed, item: Json) -> None:
    """``[[2001.git_credentials]]``: a credential of the API, made ``by`` its holder."""
    body = {name: value for name, value in item.items() if name != "by"}
    seed.call("POST", _PATH, body, by=item.get("by"))
