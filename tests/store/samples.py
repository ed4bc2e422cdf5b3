"""Records and whole snapshots for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lakewarden.estate.access import IP_LISTS, TOKENS, WORKSPACE_CONF, ConfEntry, IpAccessList
from lakewarden.estate.fact import Cause, Gap
from lakewarden.estate.kind import Kind
from lakewarden.estate.record import Record, read
from lakewarden.estate.snapshot import Meta
from lakewarden.store.snapshots import DiskSnapshot, SnapshotWriter

SCOPE = "workspace/3001"
META = Meta("2026-03-01T08:00:00+00:00", "00000000-0000-4000-8000-000000000001")


def ip_list(identity: str, **fields: object) -> IpAccessList:
    """An IP access list in API form, made a record."""
    item = {"list_id": identity, "label": "office", "list_type": "ALLOW", "enabled": True}
    return read(IP_LISTS.record, {**item, **fields}, source=IP_LISTS.source, grant=IP_LISTS.grant)


def conf(name: str, value: str | None) -> ConfEntry:
    """One entry of workspace-conf."""
    return read(WORKSPACE_CONF.record, {"key": name, "value": value}, source=WORKSPACE_CONF.source)


def gap(cause: Cause = Cause.SERVER_ERROR, kind: Kind[Record] = TOKENS) -> Gap:
    """Why a collection is not complete."""
    return kind.gap(cause, "the third page did not come")


def snapshot(
    folder: Path, records: Iterable[IpAccessList] | None, *gaps: Gap, scope: str = SCOPE
) -> DiskSnapshot:
    """Write a snapshot with one collection of IP access lists, or with none, and open it."""
    with SnapshotWriter(folder, META) as writer:
        if records is not None:
            writer.write(IP_LISTS, scope, records, list(gaps))
    return DiskSnapshot.open(folder)
