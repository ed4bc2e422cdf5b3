"""Wishes about SQL warehouses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.wishes import scope_of
from lakewarden.estate.workloads import Warehouse
from lakewarden.plan.change import Target
from lakewarden.plan.wish import Wish

_RESTART: Final = "nothing more: a classic warehouse that runs restarts as soon as it is changed"


def warehouse_wish(
    warehouse: Warehouse, at: Context, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Wish:
    """Wish for other values of a warehouse, by the paths within the answer of the API."""
    name = warehouse.id if warehouse.name.gap else warehouse.name.get()
    target = Target("warehouse", scope_of(at.workspace), warehouse.id)
    return Wish(target, name, before, after, restart=_RESTART)
