"""Plans, estates and events of a few lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lakewarden.estate.estate import Estate
from lakewarden.estate.given import given
from lakewarden.impact.measure import measure
from lakewarden.impact.report import Impact
from lakewarden.plan.change import Change, Target
from lakewarden.plan.plan import Origin, Plan

ACCOUNT = "00000000-0000-4000-8000-000000000000"
NOON = 1_767_268_800_000


def change(kind: str, key: str, before: Any, after: Any, scope: str = "workspace/1") -> Change:
    """One change."""
    return Change(Target(kind, scope, key), key, before, after)


def value(kind: str, key: str, before: Any, after: Any, scope: str = "workspace/1") -> Change:
    """One change of a value."""
    return change(kind, key, {"/value": before}, {"/value": after}, scope)


def event(name: str, who: str = "ann@example.com", **more: Any) -> dict[str, Any]:
    """One event as delivered; `params` are its parameters."""
    service, _, action = name.partition(".")
    return {
        "timestamp": more.pop("at", NOON),
        "workspaceId": more.pop("workspace", "1"),
        "sourceIPAddress": more.pop("address", "203.0.113.7"),
        "userAgent": more.pop("agent", "sdk"),
        "userIdentity": {"email": who},
        "serviceName": service,
        "actionName": action,
        "requestId": more.pop("request", ""),
        "requestParams": more.pop("params", {}),
        "response": {"statusCode": more.pop("status", 200)},
        "accountId": more.pop("account", ACCOUNT),
    }


def people(*, admins: tuple[str, ...] = (), rights: tuple[str, ...] = ()) -> dict[str, Any]:
    """Ann, who is in the group makers, Bob, and the service principal etl, in workspace 1."""
    ids = {"ann": "11", "bob": "12", "etl": "13"}
    return {
        "account_users": [
            {"id": ids[n], "userName": f"{n}@example.com", "active": True} for n in ("ann", "bob")
        ],
        "account_service_principals": [
            {"id": "13", "displayName": "etl", "applicationId": "app-13", "active": True}
        ],
        "account_groups": [
            {"id": "21", "displayName": "makers", "members": [{"value": "22"}]},
            {"id": "22", "displayName": "inner", "members": [{"value": "11"}]},
        ],
        "workspace_groups": [
            {"id": "1", "displayName": "users", "entitlements": [{"value": r} for r in rights]}
            | {"meta": {"resourceType": "WorkspaceGroup"}},
        ],
        "permission_assignments": [
            {
                "workspace_id": 1,
                "permission_assignments": [
                    {"principal": {"principal_id": int(i)}}
                    | {"permissions": ["ADMIN" if n in admins else "USER"]}
                    for n, i in ids.items()
                ],
            }
        ],
    }


@pytest.fixture
def replay() -> Callable[..., Impact]:
    """Replay events against changes, given some estate."""

    def run(changes: list[Change], events: list[Any], **kinds: Any) -> Impact:
        plan = Plan(Origin(ACCOUNT, "2026-01-01T00:00:00+00:00", "high"), tuple(changes))
        texts = [e if isinstance(e, str) or e is None else json.dumps(e) for e in events]
        lines = [(f"file line {n}", text) for n, text in enumerate(texts, 1)]
        estate = Estate(given(**kinds)) if kinds else None
        return measure(plan, estate, lines)

    return run
