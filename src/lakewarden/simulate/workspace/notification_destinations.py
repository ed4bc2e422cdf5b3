"""``/api/2.0/notification-destinations``: where alerts go; secrets in them never come back."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, Seed, invalid, missing, page, seeds
from lakewarden.simulate.workspace.wire import route

KIND = "notification-destinations"
_PATH = "/api/2.0/notification-destinations"
_TYPES = {
    "email": ("EMAIL", frozenset()),
    "generic_webhook": ("WEBHOOK", frozenset({"url", "username", "password"})),
    "microsoft_teams": (
        "MICROSOFT_TEAMS",
        frozenset({"app_id", "auth_secret", "channel_url", "tenant_id", "url"}),
    ),
    "pagerduty": ("PAGERDUTY", frozenset({"integration_key"})),
    "slack": ("SLACK", frozenset({"channel_id", "oauth_token", "url"})),
}
_SERVICE = "databrickssql"
_NOTED = ("id", "display_name")


@route("GET", _PATH)
def list_destinations(request: Request) -> Json:
    """Every destination, without what it is made of."""
    rows = [
        {name: value for name, value in body.items() if name != "config"}
        for body in request.workspace.table(KIND).values()
    ]
    return page(request, rows, "results", size=20, most=100)


@route("GET", _PATH + "/{id}", admin=True)
def get_destination(request: Request) -> Json:
    """One destination; of a secret only that it is set."""
    return _shown(_destination(request))


@route(
    "POST", _PATH, admin=True, audit=f"{_SERVICE}.createNotificationDestination", audit_keys=_NOTED
)
def create_destination(request: Request) -> Json:
    """Add a destination; its type follows from the one part that its config has."""
    name, config = request.need("display_name"), request.need("config")
    _check_name(request, name, "")
    destination_id = request.account.ids.uuid()
    request.workspace.table(KIND)[destination_id] = {
        "id": destination_id,
        "display_name": name,
        "destination_type": _type(config),
        "config": config,
    }
    request.audit_params |= {
        "notification_destination_id": destination_id,
        "notification_destination_type": _type(config),
    }
    return _shown(request.workspace.table(KIND)[destination_id])


@route(
    "PATCH",
    _PATH + "/{id}",
    admin=True,
    audit=f"{_SERVICE}.updateNotificationDestination",
    audit_keys=_NOTED,
)
def update_destination(request: Request) -> Json:
    """Change a destination; it keeps its type."""
    body = _destination(request)
    if "display_name" in request.body:
        _check_name(request, request.body["display_name"], body["id"])
        body["display_name"] = request.body["display_name"]
    if "config" in request.body:
        if _type(request.body["config"]) != body["destination_type"]:
            raise invalid("The type of a notification destination cannot be changed")
        part = next(iter(body["config"]))
        body["config"] = {part: body["config"][part] | request.body["config"][part]}
    return _shown(body)


@route(
    "DELETE",
    _PATH + "/{id}",
    admin=True,
    audit=f"{_SERVICE}.deleteNotificationDestination",
    audit_keys=_NOTED,
)
def delete_destination(request: Request) -> None:
    """Remove a destination."""
    del request.workspace.table(KIND)[_destination(request)["id"]]


def _destination(request: Request) -> Json:
    found = request.workspace.table(KIND).get(request.params["id"])
    if found is None:
        raise missing(f"Notification destination {request.params['id']} does not exist")
    return found


def _check_name(request: Request, name: str, but: str) -> None:
    rows = request.workspace.table(KIND).values()
    if any(body["display_name"] == name and body["id"] != but for body in rows):
        raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"Destination {name} already exists")


def _type(config: Json) -> str:
    parts = [name for name in config if name in _TYPES]
    if len(config) != 1 or not parts or not isinstance(config[parts[0]], dict):
        raise invalid(f"config must have one of {', '.join(_TYPES)}")
    return _TYPES[parts[0]][0]


def _shown(body: Json) -> Json:
    ((part, fields),) = body["config"].items()
    secret = _TYPES[part][1]
    open_ = {name: value for name, value in fields.items() if name not in secret}
    marks = {f"{name}_set": bool(fields[name]) for name in fields if name in secret}
    return body | {"config": {part: open_ | marks}}


@seeds("notification_destinations")
def seed_destination(seed: Seed, item: Json) -> None:
    """``[[2001.notification_destinations]]``: a destination of the API."""
    made = seed.call("POST", _PATH, item)
    seed.remember("destination", item["display_name"], made["id"])
