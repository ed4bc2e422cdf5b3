"""What the three shapes of Databricks audit logs have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.events.catalog import spelt
from lakewarden.events.columns import PROMOTED
from lakewarden.store.lake import duck
from lakewarden.store.lake.shapes.shape import NO_PARAMS, digest, flat, text

_UUID: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_SYSTEM: Final = "'system-user', 'system_user', 'system user', 'system', '__system__'"


def values(**given: str) -> Mapping[str, str]:
    """Return the columns of an event from the SQL of what a shape says, which has text throughout.

    Args:
        given: `account_id`, `workspace_id`, `level`, `service`, `action`, `actor`, `user_agent`,
            `session_id`, `request_id`, `native_id`, `status`, `error`, `result`, `run_by`,
            `run_as`, and the map `params`. What is not given is null.
    """
    params = given.pop("params")
    columns = {name: text(value) for name, value in given.items()}
    actor, status = columns["actor"], f"TRY_CAST({given['status']} AS BIGINT)"
    identity = ("workspace_id", "service", "action", "request_id", "actor")
    return {
        **columns,
        "id": digest(
            '"~ts"',
            *(given[name] for name in identity),
            flat(params),
            status,
            given["error"],
            given["result"],
        ),
        "actor_kind": _kind(actor),
        "status": status,
        "ok": f"{status} BETWEEN 200 AND 299",
        "params": f"coalesce({params}, {NO_PARAMS})",
        **{column: _promoted(params, key) for column, key in PROMOTED.items()},
    }


def _kind(actor: str) -> str:
    return (
        f"CASE WHEN contains({actor}, '@') THEN 'user'"
        f" WHEN length({actor}) = 36 AND regexp_matches({actor}, '{_UUID}')"
        " THEN 'service_principal'"
        f" WHEN lower({actor}) IN ({_SYSTEM}) THEN 'system' ELSE 'unknown' END"
    )


def _promoted(params: str, key: str) -> str:
    found = [text(f"{params}[{duck.text(spelling)}]") for spelling in spelt(key)]
    return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]
