"""Admins of a workspace that may no longer act for others: tokens on behalf, jobs as others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from lakewarden.impact import people
from lakewarden.impact.event import Event
from lakewarden.impact.holders import owner_of, person_of
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 10
_SETTING: Final = "restrict_workspace_admins"
_RESTRICTED: Final = "RESTRICT_TOKENS_AND_JOB_RUN_AS"
_TOKEN: Final = ("accounts", "generateDbToken")
_JOBS: Final = frozenset(("jobs", action) for action in ("create", "update", "reset"))


def _judges(change: Change) -> bool:
    return change.target.key == _SETTING


def _rule(event: Event, state: State) -> Iterator[Reason]:
    if state.setting(event.scope, _SETTING) != _RESTRICTED:
        return
    if (event.service, event.action) == _TOKEN:
        owner = owner_of(event, state)
        if owner.lower() != event.who.lower():
            yield Reason("admins may not make tokens for others", owner)
        return
    runs_as = _run_as(event)
    if runs_as not in {"", event.who} and person_of(event.who, event.scope, state).admin:
        text = "admins may let jobs run as those alone whose role of user they hold"
        yield Reason(text, runs_as, sure=False)


def _run_as(event: Event) -> str:
    """Return whom a job is told to run as; empty where nothing is said."""
    text = event.param("run_as") or event.param("new_settings")
    try:
        found: Any = json.loads(text) if text else {}
    except ValueError:
        return ""
    named = found.get("run_as", found) if isinstance(found, dict) else {}
    return str(named.get("service_principal_name") or named.get("user_name") or "")


FAMILIES: Final = (Family("admins", _judges, _rule, frozenset({_TOKEN}) | _JOBS, people.NEEDS),)
