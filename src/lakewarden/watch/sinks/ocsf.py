"""An alert as OCSF says it: a Detection Finding, class 2004."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from lakewarden import __version__
from lakewarden.events.catalog import load
from lakewarden.ledger.finding import Severity
from lakewarden.watch.sinks.notice import Notice

VERSION: Final = "1.5.0"
_CATEGORY: Final = 2
_CLASS: Final = 2004
_CREATE: Final = (1, "Create")
_UPDATE: Final = (2, "Update")
_NEW: Final = (1, "New")
_RULE: Final = (1, "Rule")
_SEVERITIES: Final = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}


def finding(notice: Notice) -> dict[str, Any]:
    """Return a notice as a Detection Finding."""
    alert = notice.alert
    number, activity = _CREATE if notice.before is None else _UPDATE
    severity, caption = _SEVERITIES[alert.severity]
    return {
        "activity_id": number,
        "activity_name": activity,
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "type_uid": _CLASS * 100 + number,
        "type_name": f"Detection Finding: {activity}",
        "severity_id": severity,
        "severity": caption,
        "status_id": _NEW[0],
        "status": _NEW[1],
        "time": alert.last,
        "start_time": alert.first,
        "end_time": alert.last,
        "count": alert.count,
        "is_alert": True,
        "message": f"{alert.title}: {alert.entity}",
        "metadata": {
            "version": VERSION,
            "product": {
                "name": "Lakewarden",
                "vendor_name": "Lakewarden",
                "version": __version__,
            },
            "event_code": alert.rule,
            "uid": notice.id,
            "profiles": ["cloud"],
        },
        "cloud": _cloud(alert.account),
        "finding_info": _information(notice),
        "evidences": [_evidence(row) for row in alert.evidence],
        "resources": [{"name": alert.entity, "type": "entity"}],
        **({"remediation": {"desc": notice.response["do"]}} if notice.response else {}),
        "unmapped": {
            "state": alert.state.value,
            "false_positives": list(notice.false_positives),
            "paper": list(notice.spec.get("paper", ())),
            "threats": list(notice.spec.get("threats", ())),
            "runbook": notice.response.get("runbook"),
            "unconfirmed": alert.unconfirmed or None,
        },
    }


def _cloud(account: str) -> dict[str, Any]:
    return {"provider": "AWS", **({"account": {"uid": account}} if account else {})}


def _information(notice: Notice) -> dict[str, Any]:
    alert = notice.alert
    return {
        "uid": alert.id,
        "title": alert.title,
        "desc": notice.why,
        "created_time": alert.raised,
        "first_seen_time": alert.first,
        "last_seen_time": alert.last,
        "analytic": {
            "uid": alert.rule,
            "name": alert.title,
            "type_id": _RULE[0],
            "type": _RULE[1],
        },
        "related_events_count": alert.count,
        "data_sources": sorted(_listed(notice.spec.get("source", []))),
        "attacks": list(_attacks(notice.spec.get("attack", ()))),
    }


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _attacks(techniques: list[str]) -> Iterator[Mapping[str, Any]]:
    table = _table()
    for identity in techniques:
        main, _dot, sub = identity.partition(".")
        name = table["techniques"].get(identity, {}).get("name", identity)
        technique, _colon, narrower = name.partition(": ")
        entry = {"version": table["version"], "technique": {"uid": main, "name": technique}}
        if sub:
            entry["sub_technique"] = {"uid": identity, "name": narrower or technique}
        yield entry


@cache
def _table() -> Mapping[str, Any]:
    return load("attack")


def _evidence(row: Mapping[str, Any]) -> dict[str, Any]:
    operation = ".".join(filter(None, (row.get("service"), row.get("action"))))
    parts: dict[str, Any] = {
        "uid": row.get("id"),
        "actor": {"user": {"name": row["actor"]}} if row.get("actor") else None,
        "src_endpoint": {"ip": row["src_ip"]} if row.get("src_ip") else None,
        "api": {"operation": operation} if operation else None,
        "data": {name: row.get(name) for name in ("ts", "place", "status")},
    }
    return {name: part for name, part in parts.items() if part is not None}
