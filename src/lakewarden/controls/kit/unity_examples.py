"""Small estates around one metastore, for the examples of controls about what it holds."""

from __future__ import annotations

from typing import Any

from lakewarden.estate.given import WORKSPACE_ID, given
from lakewarden.estate.snapshot import MemorySnapshot

METASTORE_ID = "m1"


def governed(workspace: dict[str, Any] | None = None, **answers: Any) -> MemorySnapshot:
    """Return an estate whose workspace has a metastore."""
    mine = {"workspace_id": WORKSPACE_ID, "metastore_id": METASTORE_ID}
    return given(workspace=workspace, **{"metastore_assignments": [mine], **answers})


def shared_with(**fields: Any) -> MemorySnapshot:
    """Return an estate with one recipient, who has a token and may come from one network."""
    recipient = {
        "name": "partner",
        "authentication_type": "TOKEN",
        "ip_access_list": {"allowed_ip_addresses": ["192.0.2.0/24"]},
        "tokens": [],
        **fields,
    }
    return governed(recipients=[recipient])
