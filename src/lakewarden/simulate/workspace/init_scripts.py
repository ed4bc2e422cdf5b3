"""``/api/2.0/global-init-scripts``: scripts that run on every node of every cluster."""

from __future__ import annotations

import base64
import binascii

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, Seed, invalid, missing, seeds
from lakewarden.simulate.workspace.wire import route

KIND = "global-init-scripts"
BYTES_MOST = 64 * 1024
_PATH = "/api/2.0/global-init-scripts"
_NOTED = ("script_id", "name", "enabled", "position")


@route("GET", _PATH, admin=True)
def list_scripts(request: Request) -> Json:
    """Every script in the order they run, without their bodies."""
    rows = _ordered(request)
    return {"scripts": [{k: v for k, v in b.items() if k != "script"} for b in rows]}


@route("GET", _PATH + "/{script_id}", admin=True)
def get_script(request: Request) -> Json:
    """One script, its body in base64."""
    return _script(request)


@route("POST", _PATH, admin=True, audit="globalInitScripts.create", audit_keys=_NOTED)
def create_script(request: Request) -> Json:
    """Add a script, at the end unless ``position`` says otherwise."""
    _check_body(request.need("script"))
    table, script_id = request.workspace.table(KIND), request.account.ids.hex(16).upper()
    body = {"enabled": False, **request.body}
    place = min(max(body.get("position", len(table)), 0), len(table))
    table[script_id] = {
        "script_id": script_id,
        "name": request.need("name"),
        **body,
        "created_by": request.caller.name,
        "created_at": request.now,
        "updated_by": request.caller.name,
        "updated_at": request.now,
    }
    _put_at(request, script_id, place)
    request.audit_params |= {"script_id": script_id}
    return {"script_id": script_id}


@route(
    "PATCH", _PATH + "/{script_id}", admin=True, audit="globalInitScripts.update", audit_keys=_NOTED
)
def update_script(request: Request) -> None:
    """Change a script."""
    if "script" in request.body:
        _check_body(request.body["script"])
    held, place = _script(request), request.body.pop("position", None)
    held.update(request.body, updated_by=request.caller.name, updated_at=request.now)
    if place is not None:
        _put_at(request, held["script_id"], place)


@route("DELETE", _PATH + "/{script_id}", admin=True, audit="globalInitScripts.delete")
def delete_script(request: Request) -> None:
    """Remove a script."""
    del request.workspace.table(KIND)[_script(request)["script_id"]]
    _renumber(_ordered(request))


def _ordered(request: Request) -> list[Json]:
    rows = request.workspace.table(KIND).values()
    return sorted(rows, key=lambda body: body.get("position", len(rows)))


def _put_at(request: Request, script_id: str, place: int) -> None:
    """Let a script run as the n-th; those at and after the place run after it."""
    script = request.workspace.table(KIND)[script_id]
    others = [body for body in _ordered(request) if body is not script]
    others.insert(max(place, 0), script)
    _renumber(others)


def _renumber(scripts: list[Json]) -> None:
    for place, body in enumerate(scripts):
        body["position"] = place


def _script(request: Request) -> Json:
    found = request.workspace.table(KIND).get(request.params["script_id"])
    if found is None:
        raise missing(f"Global init script {request.params['script_id']} does not exist")
    return found


def _check_body(text: str) -> None:
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise invalid("script must be in base64") from None
    if size > BYTES_MOST:
        raise invalid("A global init script has at most 64 KB")


@seeds("init_scripts")
def seed_script(seed: Seed, item: Json) -> None:
    """``[[2001.init_scripts]]``: a script of the API, its ``script`` as plain text."""
    body = item | {"script": base64.b64encode(item["script"].encode()).decode()}
    seed.call("POST", _PATH, body)
