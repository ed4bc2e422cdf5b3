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
_MOST: Final = 80_000
"""Addresses other than IPv4 that are read beforehand; more do not fit into a warehouse's query."""
_DAY: Final = 86_400_000
_REACH: Final = 180 * _DAY
"""How far before what is new rules look at addresses; those that come along, for 104 days."""
_COUNTED: Final = 90 * _DAY
"""How far back events are counted, so that those that end with their time are no part of it."""


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
        lateness: how late an event may come, in ms.
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
        self.lateness = lateness
        self._events = audit_table.select(self._table, self._known)

    def version(self) -> int:
        """Return the time of the newest event; one that says that it is still to come is none."""
        time = audit_table.time_of(self._known)
        past = f"{time} <= unix_millis(current_timestamp())"
        newest = self._engine.rows(f"SELECT MAX({time}) AS newest FROM {self._table} WHERE {past}")
        return int(newest[0][0] or 0)

    def older(self, time: int) -> int:
        """Return how many events of the ninety days before a time there are."""
        first = time - _COUNTED
        query = f"SELECT COUNT(*) FROM {self._table} WHERE {self._since(first)}"
        return int(
            self._engine.rows(f"{query} AND {audit_table.time_of(self._known)} < {time}")[0][0]
        )

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
        first = 0 if since is None else since - self.lateness
        self._engine.put(ADDRESSES, list(addresses.rows(self._odd_addresses(first - _REACH))))
        self._engine.look_at("all_events", self._events)
        days = f"day >= '{audit_table.day(first)}'"
        self._engine.look_at(
            "fresh_events", f"SELECT * FROM all_events WHERE {days} AND ts >= {first}"
        )
        yield self._engine

    def _since(self, time: int) -> str:
        day = f"event_date >= DATE'{audit_table.day(time)}'"
        days = f"{day} AND " if self._known.get("event_date") == "date" else ""
        return f"{days}{audit_table.time_of(self._known)} >= {time}"

    def _odd_addresses(self, first: int) -> list[str]:
        """Return the addresses of all events; where these are too many, those after a time."""
        query = addresses.others(audit_table.RAW_ADDRESS, self._table)
        found = self._engine.rows(f"{query} LIMIT {_MOST + 1}")
        if len(found) > _MOST and first > 0:
            found = self._engine.rows(f"{query} AND {self._since(first)} LIMIT {_MOST + 1}")
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
