"""Drawn destinations, queries, alerts and dashboards."""

from __future__ import annotations

import json
from typing import Any

from lakewarden.simulate.generated.draw import Draw

_BOARDS = "/api/2.0/lakeview/dashboards"


def destination(draw: Draw, _: int) -> None:
    """A notification destination."""
    mail = {"email": {"addresses": [f"{draw.plain('mail')}@generated.example"]}}
    hook = {"generic_webhook": {"url": "https://hooks.generated.example/x"}}
    body = {"display_name": draw.name(), "config": mail if draw.maybe(0.5) else hook}
    draw.keep("destination", draw.call("POST", "/api/2.0/notification-destinations", body)["id"])


def _place(draw: Draw) -> dict[str, Any]:
    folder = draw.pick("folder", 0.9)
    return {"parent_path": folder} if folder else {}


def query(draw: Draw, place: int) -> None:
    """A query; some are in the trash."""
    body = {
        "display_name": draw.name(),
        "query_text": f"SELECT '{draw.rng.random()}' -- {draw.text(1, 3)}",
        "warehouse_id": draw.pick("warehouse", 0.9),
        "tags": [draw.plain("tag")] if draw.maybe(0.3) else None,
        **_place(draw),
    }
    if draw.maybe(0.2):
        value = {"value": draw.plain("v")}
        body["parameters"] = [{"name": "p", "title": "P", "text_value": value}]
    made = draw.call("POST", "/api/2.0/sql/queries", {"query": body})["id"]
    if draw.gone(place):
        draw.call("DELETE", f"/api/2.0/sql/queries/{made}")
        return
    draw.keep("query", made)
    draw.permit("queries", made)


def legacy_alert(draw: Draw, _: int) -> None:
    """An alert on a query."""
    condition = {
        "op": draw.rng.choice(("GREATER_THAN", "LESS_THAN")),
        "operand": {"column": {"name": "n"}},
        "threshold": {"value": {"double_value": float(draw.rng.randint(1, 99))}},
    }
    body = {"display_name": draw.name(), "query_id": draw.pick("query"), "condition": condition}
    made = draw.call("POST", "/api/2.0/sql/alerts", {"alert": body | _place(draw)})["id"]
    draw.permit("alerts", made)


def alert(draw: Draw, _: int) -> None:
    """An alert with a query of its own."""
    evaluation: dict[str, Any] = {
        "source": {"name": "n"},
        "comparison_operator": draw.rng.choice(("GREATER_THAN", "LESS_THAN")),
        "threshold": {"value": {"double_value": float(draw.rng.randint(1, 99))}},
    }
    if told := draw.pick("destination", 0.7):
        evaluation["notification"] = {"subscriptions": [{"destination_id": told}]}
    body = {
        "display_name": draw.name(),
        "query_text": f"SELECT {draw.rng.randint(1, 99)} AS n",
        "warehouse_id": draw.pick("warehouse"),
        "evaluation": evaluation,
        "schedule": {
            "quartz_cron_schedule": f"0 {draw.rng.randint(0, 59)} * * * ?",
            "timezone_id": "UTC",
            "pause_status": draw.rng.choice(("PAUSED", "UNPAUSED")),
        },
        **_place(draw),
    }
    made = draw.call("POST", "/api/2.0/alerts", body)["id"]
    draw.keep("alert", made)
    draw.permit("alertsv2", made)


def dashboard(draw: Draw, place: int) -> None:
    """A dashboard; some are published, some go out by a schedule, some are in the trash."""
    content = {"pages": [{"name": draw.plain("page"), "displayName": draw.name()}]}
    body = {
        "display_name": draw.name().replace("/", "-"),
        "serialized_dashboard": json.dumps(content),
        **_place(draw),
    }
    if warehouse := draw.pick("warehouse", 0.8):
        body["warehouse_id"] = warehouse
    made = draw.call("POST", _BOARDS, body)["dashboard_id"]
    if draw.maybe(0.5):
        published = {"embed_credentials": draw.maybe(0.5)}
        draw.call("POST", f"{_BOARDS}/{made}/published", published)
    for minute in range(draw.rng.randint(0, 2)):
        cron = {"quartz_cron_expression": f"0 {minute} 7 * * ?", "timezone_id": "UTC"}
        schedule = {"cron_schedule": cron, "display_name": draw.name()}
        draw.call("POST", f"{_BOARDS}/{made}/schedules", schedule)
    if draw.gone(place):
        draw.call("DELETE", f"{_BOARDS}/{made}")
        return
    draw.keep("dashboard", made)
    draw.permit("dashboards", made)
