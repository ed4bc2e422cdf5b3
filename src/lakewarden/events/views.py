"""The small tables that rules may look at beside the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.events.columns import Kind

EVENTS: Final = ("all_events", "fresh_events")
"""The views of events: everything, and what was added since a rule last ran."""
VIEWS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "places": {
        "ip": Kind.TEXT,
        "country": Kind.TEXT,
        "lat": Kind.NUMBER,
        "lon": Kind.NUMBER,
        "radius_km": Kind.NUMBER,
    },
    "files": {
        "source": Kind.TEXT,
        "key": Kind.TEXT,
        "arrived": Kind.WHOLE,
        "workspace_id": Kind.TEXT,
        "account_id": Kind.TEXT,
        "region": Kind.TEXT,
        "first_ts": Kind.WHOLE,
        "last_ts": Kind.WHOLE,
        "records": Kind.WHOLE,
    },
    "ip_lists": {
        "account_id": Kind.TEXT,
        "workspace_id": Kind.TEXT,
        "list_id": Kind.TEXT,
        "label": Kind.TEXT,
        "kind": Kind.TEXT,
        "enabled": Kind.TRUTH,
        "addresses": Kind.TEXT,
        "taken": Kind.WHOLE,
    },
}
"""The columns of each: where addresses are, what was read, and what IP access lists held."""
