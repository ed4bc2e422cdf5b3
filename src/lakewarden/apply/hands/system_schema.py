"""System schemas of a metastore: filled, or not."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.asking import listed
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.paging import Paging
from lakewarden.plan.change import Target

_BASE: Final = "/api/2.1/unity-catalog/metastores/{metastore_id}/systemschemas"
_ENDS: Final = {"ENABLE_INITIALIZED": "ENABLE_COMPLETED", "DISABLE_INITIALIZED": "AVAILABLE"}
"""What a state on its way leads to; that may take longer than anybody waits for."""
_ON: Final = "ENABLE_COMPLETED"


class SystemSchema(Hand):
    """One schema; the key is `METASTORE/SCHEMA`, and the scope a workspace that has it."""

    kind = "system_schema"
    calls = (f"GET {_BASE}", f"PUT {_BASE}/{{schema}}", f"DELETE {_BASE}/{{schema}}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the schema with its state; None when the metastore has no such schema."""
        metastore, _, schema = target.key.partition("/")
        path = _BASE.format(metastore_id=metastore)
        host = doors.databricks(target.scope)
        return listed(host, path, "schemas", Paging.TOKEN, "schema", schema)

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Enable it, or disable it."""
        metastore, _, schema = target.key.partition("/")
        path = f"{_BASE.format(metastore_id=metastore)}/{schema}"
        on = wanted["state"] == _ON
        doors.databricks(target.scope).send("PUT" if on else "DELETE", path, {} if on else None)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Compare states by what they lead to."""
        if place == "/state":
            return bool(_ENDS.get(found, found) == _ENDS.get(wanted, wanted))
        return super().same(target, place, found, wanted)


HANDS = (SystemSchema(),)
