"""The dashboard of alerts, and the SQL alert on those that are grave and open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lakewarden.watch.alert_table import ALERTS, RULES
from lakewarden.watch.bundle.options import BundleOptions

_OPEN: Final = "state IN ('open', 'acknowledged')"
_DAY: Final = 86_400_000
_RANK: Final = "CASE severity " + " ".join(
    f"WHEN '{severity}' THEN {rank}"
    for rank, severity in enumerate(("critical", "high", "medium", "low"), start=1)
)
_RANKED: Final = f"{_RANK} ELSE 5 END"


def _moment(column: str) -> str:
    return f"date_format(timestamp_millis({column}), 'yyyy-MM-dd HH:mm')"


def _since(days: int) -> str:
    return f"`last` >= unix_millis(current_timestamp()) - {days * _DAY}"


QUERIES: Final = {
    "waiting": "SELECT COUNT(*) AS `waiting`, "
    "COUNT_IF(severity IN ('critical', 'high')) AS `grave`, "
    f"COUNT_IF(raised >= unix_millis(current_timestamp()) - {_DAY}) AS `new_today` "
    f"FROM {ALERTS} WHERE {_OPEN}",
    "by_severity": "SELECT severity, COUNT(*) AS alerts "
    f"FROM {ALERTS} WHERE {_OPEN} GROUP BY severity ORDER BY {_RANKED}",
    "by_rule": "SELECT rule, severity, COUNT(*) AS alerts "
    f"FROM {ALERTS} WHERE {_since(30)} AND state <> 'withdrawn' "
    "GROUP BY rule, severity ORDER BY alerts DESC, rule LIMIT 30",
    "by_day": "SELECT date_format(timestamp_millis(`last`), 'yyyy-MM-dd') AS day, "
    f"severity, COUNT(*) AS alerts FROM {ALERTS} "
    f"WHERE {_since(90)} AND state <> 'withdrawn' GROUP BY 1, 2 ORDER BY 1",
    "open_alerts": "SELECT severity, rule, title, entity, `count` AS events, "
    f"{_moment('`first`')} AS first_event, {_moment('`last`')} AS last_event, state, reason, id "
    f"FROM {ALERTS} WHERE {_OPEN} ORDER BY {_RANKED}, `last` DESC",
    "inactive_rules": "SELECT rule, title, severity, idle AS why, "
    f"{_moment('ran')} AS last_run FROM {RULES} WHERE idle <> '' ORDER BY rule",
}
"""The queries of the dashboard; its default catalogue and schema are those of the tables."""

_ALERT_COLUMNS: Final = (
    *("severity", "rule", "title", "entity", "events", "first_event", "last_event"),
    *("state", "reason", "id"),
)


def dashboard() -> dict[str, Any]:
    """Return the definition of the dashboard."""
    widgets = (
        (_counter("waiting", "waiting", "Waiting alerts"), (0, 0, 2, 2)),
        (_counter("waiting", "grave", "Of them critical or high"), (2, 0, 2, 2)),
        (_counter("waiting", "new_today", "Raised within a day"), (4, 0, 2, 2)),
        (_bars("by_severity", "severity", "Waiting alerts by severity"), (0, 2, 2, 6)),
        (_bars("by_rule", "rule", "By rule, 30 days", "severity"), (2, 2, 4, 6)),
        (_bars("by_day", "day", "By day, 90 days", "severity"), (0, 8, 6, 6)),
        (
            _table(
                "open_alerts",
                _ALERT_COLUMNS,
                "Waiting alerts",
            ),
            (0, 14, 6, 8),
        ),
        (
            _table(
                "inactive_rules",
                ("rule", "title", "severity", "why", "last_run"),
                "Rules that cannot tell anything, and what they lack",
            ),
            (0, 22, 6, 8),
        ),
    )
    layout = [
        {
            "widget": {"name": f"widget_{number}", **widget},
            "position": dict(zip(("x", "y", "width", "height"), place, strict=True)),
        }
        for number, (widget, place) in enumerate(widgets, start=1)
    ]
    return {
        "datasets": [
            {"name": name, "displayName": name.replace("_", " "), "queryLines": [query]}
            for name, query in QUERIES.items()
        ],
        "pages": [
            {
                "name": "alerts",
                "displayName": "Alerts",
                "pageType": "PAGE_TYPE_CANVAS",
                "layout": layout,
            }
        ],
    }


def sql_alert(options: BundleOptions) -> dict[str, Any]:
    """Return the alert that sends mail once an hour while somebody has to look."""
    table = f"`${{var.catalog}}`.`${{var.schema}}`.{ALERTS}"
    query = (
        f"SELECT COUNT(*) AS waiting FROM {table} "
        "WHERE state = 'open' AND severity IN ('critical', 'high')"
    )
    return {
        "display_name": "lakewarden: grave alerts are open",
        "warehouse_id": "${var.warehouse}",
        "query_text": query,
        "evaluation": {
            "source": {"name": "waiting"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 0}},
            "empty_result_state": "OK",
            "notification": {
                "retrigger_seconds": 3600,
                "subscriptions": [{"user_email": each} for each in options.notify],
            },
        },
        "schedule": {"quartz_cron_schedule": "0 0/15 * * * ?", "timezone_id": "UTC"},
        "run_as": {"service_principal_name": "${var.service_principal}"},
    }


def _query(dataset: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    fields = [{"name": column, "expression": f"`{column}`"} for column in columns]
    query = {"datasetName": dataset, "fields": fields, "disaggregated": True}
    return [{"name": "main_query", "query": query}]


def _spec(kind: str, version: int, title: str, encodings: dict[str, Any]) -> dict[str, Any]:
    frame = {"showTitle": True, "title": title}
    return {"version": version, "widgetType": kind, "encodings": encodings, "frame": frame}


def _counter(dataset: str, column: str, title: str) -> dict[str, Any]:
    encodings = {"value": {"fieldName": column, "displayName": title}}
    return {"queries": _query(dataset, [column]), "spec": _spec("counter", 2, title, encodings)}


def _bars(dataset: str, column: str, title: str, colour: str | None = None) -> dict[str, Any]:
    along = {"type": "categorical"}
    encodings = {
        "x": {"fieldName": column, "scale": along, "displayName": column},
        "y": {"fieldName": "alerts", "scale": {"type": "quantitative"}, "displayName": "alerts"},
    }
    if colour:
        encodings["color"] = {"fieldName": colour, "scale": along, "displayName": colour}
    columns = [column, "alerts", *([colour] if colour else [])]
    return {"queries": _query(dataset, columns), "spec": _spec("bar", 3, title, encodings)}


def _table(dataset: str, columns: Sequence[str], title: str) -> dict[str, Any]:
    shown = [
        {
            "fieldName": column,
            "title": column.replace("_", " "),
            "type": "integer" if column == "events" else "string",
            "displayAs": "number" if column == "events" else "string",
            "visible": True,
            "order": order,
        }
        for order, column in enumerate(columns)
    ]
    return {
        "queries": _query(dataset, columns),
        "spec": _spec("table", 1, title, {"columns": shown}),
    }
