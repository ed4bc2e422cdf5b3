"""``/api/2.0/lakeview/dashboards/{id}/schedules``: when dashboards go out, and to whom."""

from __future__ import annotations

from lakewarden.simulate.state import Json, Table
from lakewarden.simulate.web import ApiError, Request, invalid, missing, page
from lakewarden.simulate.workspace.dashboards import dashboard
from lakewarden.simulate.workspace.sql_objects import iso
from lakewarden.simulate.workspace.wire import route

SUBSCRIPTIONS_MOST = 100
_PATH = "/api/2.0/lakeview/dashboards/{id}/schedules"
_ONE = _PATH + "/{schedule_id}"
_SUBSCRIPTIONS = _ONE + "/subscriptions"
_SETTABLE = ("cron_schedule", "display_name", "pause_status", "warehouse_id")


@route("GET", _PATH)
def list_schedules(request: Request) -> Json:
    """The schedules of a dashboard."""
    return page(request, map(_shown, _schedules(request, "CAN_READ").values()), "schedules")


@route("GET", _ONE)
def get_schedule(request: Request) -> Json:
    """One schedule."""
    return _shown(_schedule(request, "CAN_READ"))


@route("POST", _PATH, audit="dashboards.createSchedule")
def create_schedule(request: Request) -> Json:
    """Add a schedule."""
    table, schedule_id = _schedules(request, "CAN_EDIT"), request.account.ids.hex(32)
    table[schedule_id] = {
        "pause_status": "UNPAUSED",
        **_given(request),
        "schedule_id": schedule_id,
        "dashboard_id": request.params["id"],
        "etag": str(request.account.ids.number(9)),
        "create_time": iso(request.now),
        "update_time": iso(request.now),
        "subscriptions": {},
    }
    return _shown(table[schedule_id])


@route("PUT", _ONE, audit="dashboards.updateSchedule")
def update_schedule(request: Request) -> Json:
    """Replace a schedule, if it is still the one that ``etag`` names."""
    held = _schedule(request, "CAN_EDIT")
    if request.body.get("etag") not in {None, "", held["etag"]}:
        raise ApiError(409, "RESOURCE_CONFLICT", "The schedule was modified meanwhile.")
    kept = {name: value for name, value in held.items() if name not in _SETTABLE}
    changed = {"pause_status": "UNPAUSED", **_given(request)}
    held.clear()
    held |= kept | changed | {"update_time": iso(request.now)}
    held["etag"] = str(request.account.ids.number(9))
    return _shown(held)


@route("DELETE", _ONE, audit="dashboards.deleteSchedule")
def delete_schedule(request: Request) -> None:
    """Remove a schedule with its subscriptions."""
    schedule_id = _schedule(request, "CAN_EDIT")["schedule_id"]
    del _schedules(request, "CAN_EDIT")[schedule_id]


@route("GET", _SUBSCRIPTIONS)
def list_subscriptions(request: Request) -> Json:
    """Who gets the dashboard by a schedule."""
    return page(request, _schedule(request, "CAN_READ")["subscriptions"].values(), "subscriptions")


@route("GET", _SUBSCRIPTIONS + "/{subscription_id}")
def get_subscription(request: Request) -> Json:
    """One subscription."""
    return _subscription(request, "CAN_READ")


@route("POST", _SUBSCRIPTIONS, audit="dashboards.createSubscription")
def create_subscription(request: Request) -> Json:
    """Subscribe a user or a notification destination; at most 100 of a schedule."""
    held: Table = _schedule(request, "CAN_EDIT")["subscriptions"]
    if len(held) >= SUBSCRIPTIONS_MOST:
        raise invalid(f"A schedule has at most {SUBSCRIPTIONS_MOST} subscriptions")
    subscriber = request.need("subscriber")
    subscription_id = request.account.ids.hex(32)
    held[subscription_id] = {
        "subscription_id": subscription_id,
        "schedule_id": request.params["schedule_id"],
        "dashboard_id": request.params["id"],
        "subscriber": subscriber,
        "created_by_user_id": int(request.caller.id),
        "etag": str(request.account.ids.number(9)),
        "create_time": iso(request.now),
        "update_time": iso(request.now),
    }
    return held[subscription_id]


@route("DELETE", _SUBSCRIPTIONS + "/{subscription_id}", audit="dashboards.deleteSubscription")
def delete_subscription(request: Request) -> None:
    """End a subscription."""
    subscription_id = _subscription(request, "CAN_EDIT")["subscription_id"]
    del _schedule(request, "CAN_EDIT")["subscriptions"][subscription_id]


def _schedules(request: Request, level: str) -> Table:
    table: Table = dashboard(request, level).setdefault("schedules", {})
    return table


def _schedule(request: Request, level: str) -> Json:
    found = _schedules(request, level).get(request.params["schedule_id"])
    if found is None:
        raise missing(f"Schedule {request.params['schedule_id']} does not exist")
    return found


def _subscription(request: Request, level: str) -> Json:
    subscriptions: Table = _schedule(request, level)["subscriptions"]
    found = subscriptions.get(request.params["subscription_id"])
    if found is None:
        raise missing(f"Subscription {request.params['subscription_id']} does not exist")
    return found


def _given(request: Request) -> Json:
    cron = request.need("cron_schedule")
    if not isinstance(cron, dict) or not cron.get("quartz_cron_expression"):
        raise invalid("cron_schedule needs a quartz_cron_expression")
    return {name: request.body[name] for name in _SETTABLE if name in request.body}


def _shown(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "subscriptions"}
