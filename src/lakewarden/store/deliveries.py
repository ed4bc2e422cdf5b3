"""Which sink was told of which alert: in the database, beside the alerts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, delete, insert, select

from lakewarden.ledger.alert import Alert, AlertState
from lakewarden.ledger.finding import Severity
from lakewarden.store.alerts import alert_of
from lakewarden.store.database import ALERTS, DELIVERIES, STORE, open_database

_WAITING: Final = (AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value)


@dataclass(frozen=True, slots=True)
class Told:
    """What a sink was told of an alert.

    Attributes:
        severity: how severe the alert was then.
        count: how many events took part.
    """

    severity: Severity
    count: int


class Deliveries:
    """What the sinks of a store were told."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Deliveries:
        """Open the deliveries of a store.

        Raises:
            StoreError: it cannot be opened.
        """
        return cls(open_database(url))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def waiting(self, sink: str) -> list[tuple[Alert, Told | None]]:
        """Return the alerts that somebody still has to look at, and what a sink was told of each.

        The first to be raised comes first.
        """
        names = Alert.__slots__
        theirs = (DELIVERIES.c.alert == ALERTS.c.id) & (DELIVERIES.c.sink == sink)
        query = (
            select(
                *(ALERTS.c[name] for name in names),
                DELIVERIES.c.severity.label("told_severity"),
                DELIVERIES.c["count"].label("told_count"),
            )
            .select_from(ALERTS.outerjoin(DELIVERIES, theirs))
            .where(ALERTS.c.state.in_(_WAITING))
            .order_by(ALERTS.c.raised, ALERTS.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            (
                alert_of({name: row[name] for name in names}),
                Told(Severity(row["told_severity"]), row["told_count"])
                if row["told_severity"]
                else None,
            )
            for row in rows
        ]

    def remember(self, sink: str, alerts: Collection[Alert], now: int) -> None:
        """Remember that a sink was told of alerts as they are.

        Args:
            sink: its name.
            alerts: the alerts.
            now: when, Unix time in ms.
        """
        with self._engine.begin() as connection:
            connection.execute(select(STORE).with_for_update())
            for alert in alerts:
                mine = (DELIVERIES.c.alert == alert.id) & (DELIVERIES.c.sink == sink)
                connection.execute(delete(DELIVERIES).where(mine))
                connection.execute(
                    insert(DELIVERIES).values(
                        alert=alert.id,
                        sink=sink,
                        severity=alert.severity.value,
                        count=alert.count,
                        at=now,
                    )
                )

    def rows(self) -> list[dict[str, Any]]:
        """Return all that is remembered, with the columns of the table."""
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(DELIVERIES)).mappings()]

    def take(self, rows: Collection[Mapping[str, Any]]) -> None:
        """Take what is remembered elsewhere, each row once."""
        if rows:
            with self._engine.begin() as connection:
                connection.execute(insert(DELIVERIES), [dict(row) for row in rows])

    def forget(self, alert: str) -> None:
        """Forget who was told of an alert, so that it is news when it comes again."""
        with self._engine.begin() as connection:
            connection.execute(delete(DELIVERIES).where(DELIVERIES.c.alert == alert))
