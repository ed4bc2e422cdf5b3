"""A table of audit logs, as rules look at it where it is: nothing is copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

from lakewarden.clients.tables import ADDRESSES
from lakewarden.errors import LakewardenError
from lakewarden.events.columns import Source
from lakewarden.watch import addresses, audit_table
from lakewarden.watch.engine import Engine

LATENESS: Final = 72 * 3_600_000
"""How late an event may come, in ms: most take minutes, and the last three days."""
_MOST: Final = 100_000
"""Addresses other than IPv4 that are read beforehand; more do not fit into one query."""


class Views(Engine, Protocol):
    """An engine that makes views of what a query says."""

    def look_at(self, view: str, query: str) -> None:
        """Make one of the views of events that of a query."""


class TableInPlace:
    """The events of a table that has the columns of `system.access.audit`.

    A table has no files by which to tell what is new, so the version is the time of the newest
    event, and new is what happened since then or shortly before: an event that comes later than
    `lateness` is only seen when all events are looked at again. What was looked at before gives the
    same alerts as before, so that looking twice changes nothing. Each event is taken to be there
    once.

    Attributes:
        name: where the table is.
        sources: Databricks alone.
    """

    def __init__(
        self,
        engine: Views,
        place: str,
        table: str,
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        lateness: int = LATENESS,
    ) -> None:
        """Take a table.

        Args:
            engine: can read it.
            place: what tells the engine from others.
            table: its name, as in SQL.
            tables: rows of the small views.
            lateness: how late an event may come, in ms.

        Raises:
            LakewardenError: it cannot be read.
            UsageError: it is no table of audit logs.
        """
        self.name = f"{place}/{table}"
        self.sources = frozenset({Source.DATABRICKS})
        self._engine = engine
        self._table = audit_table.quoted(table)
        self._known = _columns(engine, self._table)
        self._tables = tables
        self._lateness = lateness
        self._events = audit_table.select(self._table, self._known)

    def version(self) -> int:
        """Return the time of the newest event; one that says that it is still to come is none."""
        time = audit_table.time_of(self._known)
        past = f"{time} <= unix_millis(current_timestamp())"
        newest = self._engine.rows(f"SELECT MAX({time}) AS newest FROM {self._table} WHERE {past}")
        return int(newest[0][0] or 0)

    @contextmanager
    def opened(self, since: int | None) -> Iterator[Engine]:
        """Open them for the length of a block.

        Args:
            since: `fresh_events` are those that may have come after this version; all for None.

        Raises:
            LakewardenError: there are too many addresses that are not IPv4.
        """
        for view, rows in self._tables.items():
            self._engine.put(view, rows)
        self._engine.put(ADDRESSES, list(addresses.rows(self._odd_addresses())))
        self._engine.look_at("all_events", self._events)
        first = 0 if since is None else since - self._lateness
        days = f"day >= '{audit_table.day(first)}'"
        self._engine.look_at(
            "fresh_events", f"SELECT * FROM all_events WHERE {days} AND ts >= {first}"
        )
        yield self._engine

    def _odd_addresses(self) -> list[str]:
        query = addresses.others(audit_table.RAW_ADDRESS, self._table)
        found = self._engine.rows(f"{query} LIMIT {_MOST + 1}")
        if len(found) > _MOST:
            raise LakewardenError(
                f"has more than {_MOST:,} addresses that are not IPv4",
                where=self.name,
                next_step="Export it, and read the export with `lakewarden watch ingest`",
            )
        return [text for (text,) in found]


def _columns(engine: Engine, table: str) -> Mapping[str, str]:
    """Return the types of the columns of a table by their names."""
    described = engine.rows(f"DESCRIBE TABLE {table}")
    known: dict[str, str] = {}
    for name, kind, *_ in described:
        known.setdefault(str(name), str(kind))
    return known
