"""`system.access.audit`, or a table like it, as events: one SELECT in the SQL of Databricks.

Each event has the id that it has when it is delivered as a file, so that alerts found here and in a
lake are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from lakewarden.clients.tables import ADDRESSES, TYPES
from lakewarden.errors import UsageError
from lakewarden.events.catalog import spelt
from lakewarden.events.columns import COLUMNS, PROMOTED, Source
from lakewarden.watch import addresses

TABLE: Final = "system.access.audit"
RAW_ADDRESS: Final = "source_ip_address"
_NEEDED: Final = (
    *("event_time", "account_id", "workspace_id", "service_name", "action_name", "request_params"),
    *("user_identity", "response", RAW_ADDRESS, "request_id"),
)
_PART: Final = re.compile(r"\w+")
_EARLIEST: Final = 946_684_800_000
_LATEST: Final = 4_102_444_799_999
_DAY: Final = 86_400_000
_UUID: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_SYSTEM: Final = "'system-user', 'system_user', 'system user', 'system', '__system__'"


def quoted(table: str) -> str:
    """Return the name of a table as SQL has it.

    Raises:
        UsageError: it is none.
    """
    parts = table.replace("`", "").split(".")
    if len(parts) > 3 or not all(map(_PART.fullmatch, parts)):  # noqa: PLR2004  # catalogue, schema, table
        raise UsageError(
            f"{table!r} is no name of a table", next_step=f"Write it like {TABLE}, the default"
        )
    return ".".join(f"`{part}`" for part in parts)


def day(time: int) -> str:
    """Return the day of a time in ms, as events have it."""
    return datetime.fromtimestamp(max(0, time) / 1000, UTC).date().isoformat()


def time_of(known: Mapping[str, str]) -> str:
    """Return SQL of an event's time in ms."""
    if known["event_time"] in {"bigint", "long"}:
        return "event_time"
    return "unix_millis(CAST(event_time AS TIMESTAMP))"


def select(table: str, known: Mapping[str, str]) -> str:
    """Return the SELECT of all columns of an event.

    Args:
        table: as `quoted` returns it.
        known: the types of its columns by their names, as DESCRIBE TABLE has them.

    Raises:
        UsageError: it is no table of audit logs.
    """
    missing = [name for name in _NEEDED if name not in known]
    if missing:
        raise UsageError(
            f"has no column {missing[0]}",
            where=table.replace("`", ""),
            next_step=f"Name a table with the columns of {TABLE}",
        )
    values = _values(known)
    written = ", ".join(
        f"CAST({values.get(column.name, 'NULL')} AS {TYPES[column.kind]}) AS {column.name}"
        for column in COLUMNS
    )
    time = time_of(known)
    sound = f"service_name <> '' AND action_name <> '' AND {time} BETWEEN {_EARLIEST} AND {_LATEST}"
    rows = (
        f"SELECT *, {time} AS ts, {addresses.ipv4(RAW_ADDRESS)} AS ipv4 FROM {table} WHERE {sound}"
    )
    keyed = f"SELECT *, {addresses.key('ipv4')} AS ipv4_key FROM ({rows}) AS sound"
    joined = f"LEFT JOIN {ADDRESSES} ON {ADDRESSES}.raw = r.{RAW_ADDRESS}"
    return f"SELECT {written} FROM ({keyed}) AS r {joined}"


def _values(known: Mapping[str, str]) -> Mapping[str, str]:
    plain = {
        "account_id": "account_id",
        "workspace_id": "COALESCE(NULLIF(CAST(workspace_id AS STRING), ''), '0')",
        "level": _column("audit_level", known),
        "service": "service_name",
        "action": "action_name",
        "actor": f"COALESCE(NULLIF({_part('user_identity', ('email',), known)}, ''), "
        f"{_part('user_identity', ('subject_name', 'subjectName'), known)})",
        "user_agent": _column("user_agent", known),
        "session_id": _column("session_id", known),
        "request_id": "request_id",
        "native_id": _column("event_id", known),
        "error": _part("response", ("error_message", "errorMessage"), known),
        "result": _part("response", ("result",), known),
        "run_by": _part("identity_metadata", ("run_by",), known),
        "run_as": _part("identity_metadata", ("run_as",), known),
    }
    texts = {name: f"NULLIF(CAST({sql} AS STRING), '')" for name, sql in plain.items()}
    status = f"TRY_CAST({_part('response', ('status_code', 'statusCode'), known)} AS BIGINT)"
    address = addresses.columns(f"r.{RAW_ADDRESS}", "ipv4", "ipv4_key")
    computed = (
        f"CAST(date_add(DATE'1970-01-01', CAST((ts - ts % {_DAY}) / {_DAY} AS INT)) AS STRING)"
    )
    return {
        **texts,
        **{column: _promoted(key) for column, key in PROMOTED.items()},
        "id": _identity(texts, status),
        "ts": "ts",
        "actor_kind": _actor_kind(texts["actor"]),
        "src_ip": address["text"],
        "ip_kind": address["kind"],
        "ip_key": address["key"],
        "status": status,
        "ok": f"{status} BETWEEN 200 AND 299",
        "params": "COALESCE(request_params, map())",
        "source": f"'{Source.DATABRICKS}'",
        "day": "CAST(event_date AS STRING)" if known.get("event_date") == "date" else computed,
    }


def _identity(texts: Mapping[str, str], status: str) -> str:
    params = (
        "array_join(array_sort(transform(map_entries(request_params), "
        "e -> e.key || char(30) || e.value)), char(29))"
    )
    named = (texts[name] for name in ("workspace_id", "service", "action", "request_id", "actor"))
    parts = ("ts", *named, params, status, texts["error"], texts["result"])
    listed = ", ".join(f"COALESCE(CAST({part} AS STRING), '')" for part in parts)
    return f"md5(concat_ws(char(31), {listed}))"


def _actor_kind(actor: str) -> str:
    return (
        f"CASE WHEN instr({actor}, '@') > 0 THEN 'user' "
        f"WHEN {actor} RLIKE '{_UUID}' THEN 'service_principal' "
        f"WHEN lower({actor}) IN ({_SYSTEM}) THEN 'system' ELSE 'unknown' END"
    )


def _promoted(key: str) -> str:
    found = ", ".join(f"NULLIF(request_params['{name}'], '')" for name in spelt(key))
    return f"COALESCE({found})"


def _column(name: str, known: Mapping[str, str]) -> str:
    return name if name in known else "NULL"


def _part(column: str, names: tuple[str, ...], known: Mapping[str, str]) -> str:
    """Return SQL of a field of a struct by the first of its spellings that the table has."""
    fields = known.get(column, "")
    there = [name for name in names if re.search(rf"\b{name}\s*:", fields)]
    return f"CAST({column}.{there[0]} AS STRING)" if there else "NULL"
