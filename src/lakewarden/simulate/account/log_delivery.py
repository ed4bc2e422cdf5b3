"""``/api/2.0/accounts/{account}/log-delivery``: where usage and audit logs are delivered to."""

from __future__ import annotations

from datetime import UTC, datetime

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ACCOUNT, ApiError, Request, Seed, invalid, missing, page, seeds

route = ACCOUNT.route

_PATH = "/api/2.0/accounts/{account}/log-delivery"
_REQUIRED = ("log_type", "output_format", "credentials_id", "storage_configuration_id")
_MOST_ENABLED = 2


def _configuration(request: Request) -> Json:
    found = request.account.table("log-delivery").get(request.params["id"])
    if found is None:
        raise missing(f"Log delivery configuration {request.params['id']} does not exist")
    return found


def _check(request: Request, body: Json) -> None:
    for name in _REQUIRED:
        if not body.get(name):
            raise invalid(f"Missing required field: {name}")
    if body["credentials_id"] not in request.account.table("credentials"):
        raise invalid(f"credentials_id {body['credentials_id']} does not exist")
    if body["storage_configuration_id"] not in request.account.table("storage-configurations"):
        raise invalid("storage_configuration_id does not exist")


def _check_limit(request: Request, body: Json) -> None:
    """At most two enabled configurations of a type for the account as a whole."""
    alike = [
        entry
        for entry in request.account.table("log-delivery").values()
        if entry["status"] == "ENABLED"
        and entry["log_type"] == body["log_type"]
        and not entry.get("workspace_ids_filter")
    ]
    if not body.get("workspace_ids_filter") and len(alike) >= _MOST_ENABLED:
        raise ApiError(400, "QUOTA_EXCEEDED", "Too many enabled log delivery configurations")


@route("GET", _PATH, admin=True)
def list_configurations(request: Request) -> Json:
    """Every configuration, disabled ones too; filters ``status``, ``credentials_id`` and so on."""
    filters = ("status", "credentials_id", "storage_configuration_id")
    wanted = {key: request.query[key] for key in filters if key in request.query}
    entries = [
        entry
        for entry in request.account.table("log-delivery").values()
        if all(entry[key] == value for key, value in wanted.items())
    ]
    return page(request, entries, "log_delivery_configurations", size=100)


@route("GET", _PATH + "/{id}", admin=True)
def get_configuration(request: Request) -> Json:
    """One configuration."""
    return {"log_delivery_configuration": _configuration(request)}


@route("POST", _PATH, admin=True, audit="logDelivery.createLogDeliveryConfiguration")
def create_configuration(request: Request) -> Json:
    """Start delivering; there is no way to delete a configuration later."""
    body = dict(request.need("log_delivery_configuration"))
    _check(request, body)
    _check_limit(request, body)
    config_id = request.account.ids.uuid()
    entry = {
        "config_id": config_id,
        "account_id": request.account.id,
        "status": "ENABLED",
        "creation_time": request.now,
        "update_time": request.now,
        "log_delivery_status": {
            "status": "CREATED",
            "message": "Log delivery has not been attempted yet",
        },
    }
    request.account.table("log-delivery")[config_id] = entry | body
    request.audit_params |= {"config_id": config_id, "config_name": body.get("config_name", "")}
    return {"log_delivery_configuration": entry | body}


@route(
    "PATCH",
    _PATH + "/{id}",
    admin=True,
    audit="logDelivery.updateLogDeliveryConfiguration",
    audit_keys=("status",),
)
def set_status(request: Request) -> None:
    """Enable or disable a configuration."""
    entry = _configuration(request)
    request.audit_params |= {
        "config_id": entry["config_id"],
        "config_name": entry.get("config_name", ""),
    }
    if request.need("status") not in {"ENABLED", "DISABLED"}:
        raise invalid("status must be ENABLED or DISABLED")
    entry["status"] = request.body["status"]
    entry["update_time"] = request.now


@seeds("log_delivery")
def seed_configuration(seed: Seed, item: Json) -> None:
    """``[[log_delivery]]``: an API body; ``delivery`` has status, message, attempted, succeeded."""
    delivery = item.pop("delivery")
    made = seed.call("POST", _PATH, {"log_delivery_configuration": item})
    config_id = made["log_delivery_configuration"]["config_id"]
    times = {
        "last_attempt_time": delivery.get("attempted"),
        "last_successful_attempt_time": delivery.get("succeeded"),
    }
    seed.account.table("log-delivery")[config_id]["log_delivery_status"] = {
        "status": delivery["status"],
        "message": delivery["message"],
        **{key: _iso(moment) for key, moment in times.items() if moment is not None},
    }
    seed.remember("log_delivery", item["config_name"], config_id)


def _iso(moment: int) -> str:
    text = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
