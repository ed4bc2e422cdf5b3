"""Small estates from API-shaped JSON: the examples of controls are made of these.

    given(ip_lists=[{...}], workspace_conf={"enableIpAccessLists": "true"})

Every keyword is a kind. Its value is a list of items as the API answers them, a mapping of keys
for keyed kinds, or a `Gap` made with `refused` where the call failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lakewarden.estate.catalog import KINDS
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.kind import Kind, Scope, Status, status_of
from lakewarden.estate.record import plan_of, read
from lakewarden.estate.snapshot import Header, MemorySnapshot, Meta

Items = Sequence[Mapping[str, Any]] | Mapping[str, Any] | Gap

WORKSPACE_ID: Final = 1
ACCOUNT_ID: Final = "00000000-0000-4000-8000-000000000000"
_WORKSPACE: Final = {
    "workspace_id": WORKSPACE_ID,
    "workspace_name": "example",
    "deployment_name": "dbc-example",
    "aws_region": "us-east-1",
    "pricing_tier": "ENTERPRISE",
    "workspace_status": "RUNNING",
}


def refused(cause: Cause = Cause.FORBIDDEN, detail: str = "") -> Gap:
    """Stand for a call that failed; kind and grant are filled in by `given`."""
    return Gap(cause, "", detail, "")


def given(
    *,
    workspace: Mapping[str, Any] | None = None,
    taken: str = "2026-01-01T00:00:00+00:00",
    **kinds: Items,
) -> MemorySnapshot:
    """Return an estate with one workspace and the given collections.

    Args:
        workspace: fields to set on the workspace, in API names; None removes one.
        taken: when the estate was read.
        kinds: collections by the name of their kind.
    """
    fields = {k: v for k, v in {**_WORKSPACE, **(workspace or {})}.items() if v is not None}
    kinds.setdefault("workspaces", [fields])
    collections = {}
    for name, items in kinds.items():
        kind = KINDS[name]
        header, records = _collection(kind, items)
        collections[name, header.scope] = (header, records)
    return MemorySnapshot(Meta(taken, ACCOUNT_ID), collections)


def scope_of(kind: Kind[Any], workspace: int = WORKSPACE_ID) -> str:
    """Return the scope that a collection of this kind has for a workspace."""
    return f"workspace/{workspace}" if kind.scope is Scope.WORKSPACE else kind.scope.value


def _collection(kind: Kind[Any], items: Items) -> tuple[Header, tuple[Any, ...]]:
    scope = scope_of(kind)
    if isinstance(items, Gap):
        gap = kind.gap(items.cause, items.detail)
        return Header(kind.name, scope, status_of(gap), gap, 0), ()
    if isinstance(items, Mapping):
        items = [keyed_item(kind, name, value) for name, value in items.items()]
    records = tuple(
        read(kind.record, item, source=kind.call(_key(kind, item)), grant=kind.grant)
        for item in items
    )
    return Header(kind.name, scope, Status.COMPLETE, None, len(records)), records


def _key(kind: Kind[Any], item: Mapping[str, Any]) -> str:
    if not kind.keyed:
        return ""
    return str(item[next(field.path for field in plan_of(kind.record) if field.is_key)])


def keyed_item(kind: Kind[Any], name: str, value: Any) -> dict[str, Any]:
    """Return the item of a keyed kind for one key."""
    identity = next(field.path for field in plan_of(kind.record) if field.is_key)
    if isinstance(value, Mapping):
        return {identity: name, "name": name, **value}
    return {identity: name, "value": value}
