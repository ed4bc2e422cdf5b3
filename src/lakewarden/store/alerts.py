"""Alerts, which of them are expected, and how far the rules have looked: in the database."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from lakewarden.errors import UsageError
from lakewarden.ledger.alert import Alert, AlertState, Looked, Suppression
from lakewarden.ledger.finding import Severity
from lakewarden.store.database import ALERTS, LOOKED, STORE, SUPPRESSIONS, open_database

_CHUNK: Final = 500
_ODD: Final = "\ufffd"
_FOUND: Final = ("severity", "first", "last", "count", "evidence")
"""What may be otherwise when the same alert is found again."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of alerts that were found.

    Attributes:
        new: those that were not there.
        grown: those that were there, and of which more is known.
        worse: those of `grown` that are more severe than before, or wait again.
        withdrawn: those that events explain that came late.
    """

    new: tuple[Alert, ...] = ()
    grown: tuple[Alert, ...] = ()
    worse: tuple[Alert, ...] = ()
    withdrawn: tuple[Alert, ...] = ()


class Alerts:
    """The alerts of a store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Alerts:
        """Open the alerts of a store.

        Raises:
            StoreError: it cannot be opened.
        """
        return cls(open_database(url))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def looked(self, events: str) -> Mapping[str, Looked]:
        """Return how far each rule has looked at events."""
        query = select(LOOKED).where(LOOKED.c.events == events)
        with self._engine.connect() as connection:
            rows = connection.execute(query)
            return {row.rule: Looked(row.digest, row.version, row.at) for row in rows}

    def note(
        self,
        found: Iterable[Alert],
        *,
        gone: Collection[str] = (),
        events: str,
        looked: Mapping[str, Looked],
        now: int,
    ) -> Noted:
        """Note what rules found, and how far they have looked, at once or not at all.

        Args:
            found: the alerts, each id once.
            gone: the ids of alerts that are no more, as events that came late explain them.
            events: the events that were looked at.
            looked: how far each rule has looked now.
            now: when it was found, Unix time in ms.
        """
        with self._engine.begin() as connection:
            connection.execute(select(STORE).with_for_update())
            noted = _Noting(connection, now).all(list(found), gone)
            for rule, how_far in looked.items():
                where = (LOOKED.c.events == events) & (LOOKED.c.rule == rule)
                connection.execute(delete(LOOKED).where(where))
                row = {"events": events, "rule": rule, **how_far._asdict()}
                connection.execute(insert(LOOKED).values(**row))
        return noted

    def alerts(
        self,
        *,
        states: Collection[AlertState] = (),
        rules: Collection[str] = (),
        since: int | None = None,
        events: str | None = None,
    ) -> list[Alert]:
        """Return alerts, the newest first.

        Args:
            states: only those in one of these; empty for all.
            rules: only those of these; empty for all.
            since: only those that span a later time, Unix time in ms.
            events: only those that were found in these events.
        """
        query = select(ALERTS).order_by(ALERTS.c.last.desc(), ALERTS.c.id)
        if states:
            query = query.where(ALERTS.c.state.in_([state.value for state in states]))
        if rules:
            query = query.where(ALERTS.c.rule.in_(rules))
        if since is not None:
            query = query.where(ALERTS.c.last >= since)
        if events is not None:
            query = query.where(ALERTS.c.events == events)
        with self._engine.connect() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def alert(self, identity: str) -> Alert:
        """Return the one alert whose id begins so.

        Raises:
            UsageError: there is none, or there are several.
        """
        query = select(ALERTS).where(ALERTS.c.id.startswith(identity, autoescape=True)).limit(2)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        if len(rows) != 1:
            what = "several alerts begin" if rows else "no alert begins"
            raise UsageError(
                f"{what} with {identity!r}", next_step="`lakewarden watch alerts list` lists them"
            )
        return _alert(rows[0])

    def put(self, identity: str, state: AlertState, reason: str, by: str) -> Alert:
        """Put an alert into a state.

        Raises:
            UsageError: there is no such alert.
        """
        alert = replace(self.alert(identity), state=state, reason=reason, by=by)
        change = update(ALERTS).where(ALERTS.c.id == alert.id)
        with self._engine.begin() as connection:
            connection.execute(change.values(state=state.value, reason=reason, by=by))
        return alert

    def take(self, alerts: Iterable[Alert]) -> None:
        """Take alerts as they are, each id once, from where they are kept otherwise."""
        rows = [row_of(alert) for alert in alerts]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(insert(ALERTS), rows)

    def suppress(self, suppression: Suppression) -> None:
        """Expect alerts for a while; those that wait already are not touched."""
        values = {name: getattr(suppression, name) for name in Suppression.__slots__}
        with self._engine.begin() as connection:
            connection.execute(insert(SUPPRESSIONS).values(**values))

    def lift(self, identity: str) -> None:
        """Expect them no more.

        Raises:
            UsageError: there is no such suppression.
        """
        with self._engine.begin() as connection:
            done = connection.execute(delete(SUPPRESSIONS).where(SUPPRESSIONS.c.id == identity))
        if not done.rowcount:
            raise UsageError(
                f"there is no suppression {identity!r}",
                next_step="`lakewarden watch alerts suppressions` lists them",
            )

    def suppressions(self) -> list[Suppression]:
        """Return what is expected, or was, the last to end first."""
        with self._engine.connect() as connection:
            return _suppressions(connection)


class _Noting:
    """One transaction that notes what was found."""

    def __init__(self, connection: Connection, now: int) -> None:
        self._connection = connection
        self._now = now
        self._expected = [each for each in _suppressions(connection) if each.until >= now]

    def all(self, found: list[Alert], gone: Collection[str]) -> Noted:
        known = self._known([alert.id for alert in found])
        new = [self._fresh(alert) for alert in found if alert.id not in known]
        if new:
            self._connection.execute(insert(ALERTS), [row_of(alert) for alert in new])
        again = [(known[a.id], self._again(known[a.id], a)) for a in found if a.id in known]
        return Noted(
            tuple(new),
            tuple(after for _, after in again if after),
            tuple(after for before, after in again if after and _is_worse(before, after)),
            tuple(filter(None, (self._withdrawn(identity) for identity in sorted(gone)))),
        )

    def _known(self, ids: list[str]) -> dict[str, Alert]:
        found: dict[str, Alert] = {}
        for start in range(0, len(ids), _CHUNK):
            query = select(ALERTS).where(ALERTS.c.id.in_(ids[start : start + _CHUNK]))
            found |= {row.id: _alert(row) for row in self._connection.execute(query)}
        return found

    def _fresh(self, alert: Alert) -> Alert:
        expected = self._expectation(alert)
        if expected is None:
            return replace(alert, raised=self._now)
        state, reason = AlertState.SUPPRESSED, f"{expected.reason} ({expected.id})"
        return replace(alert, raised=self._now, state=state, reason=reason, by=expected.by)

    def _expectation(self, alert: Alert) -> Suppression | None:
        """Return why an alert is expected now; None where it is not."""
        entity = alert.entity.lower()
        for each in self._expected:
            if fnmatchcase(alert.rule, each.rule) and fnmatchcase(entity, each.entity.lower()):
                return each
        return None

    def _again(self, before: Alert, found: Alert) -> Alert | None:
        """Note what is known now of an alert that was there; None when nothing is new.

        One that was closed or expected, and in which more events take part than when it was, is
        open again.
        """
        known = {name: getattr(found, name) for name in _FOUND}
        state, reason = before.state, before.reason
        more = found.count > before.count
        if state is AlertState.CLOSED and more:
            state, reason = AlertState.OPEN, "more happened after it was closed"
        if state is AlertState.SUPPRESSED and more and not self._expectation(found):
            state, reason = AlertState.OPEN, "more happened after it was expected"
        if state is AlertState.WITHDRAWN:
            state, reason = AlertState.OPEN, ""
        after = replace(before, **known, state=state, reason=reason)
        if row_of(after) == row_of(before):
            return None
        where = update(ALERTS).where(ALERTS.c.id == before.id)
        self._connection.execute(where.values(**row_of(after)))
        return after

    def _withdrawn(self, identity: str) -> Alert | None:
        """Withdraw an alert; None when somebody closed it meanwhile, which stays."""
        waits = ALERTS.c.state.in_([AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value])
        where = update(ALERTS).where((ALERTS.c.id == identity) & waits)
        reason = "events that came late explain it"
        values = {"state": AlertState.WITHDRAWN.value, "reason": reason, "by": ""}
        if not self._connection.execute(where.values(**values)).rowcount:
            return None
        row = self._connection.execute(select(ALERTS).where(ALERTS.c.id == identity)).one()
        return _alert(row)


def _is_worse(before: Alert, after: Alert) -> bool:
    return after.waits and (not before.waits or after.severity.rank > before.severity.rank)


def _suppressions(connection: Connection) -> list[Suppression]:
    query = select(SUPPRESSIONS).order_by(SUPPRESSIONS.c.until.desc(), SUPPRESSIONS.c.id)
    names = Suppression.__slots__
    return [
        Suppression(**{name: getattr(row, name) for name in names})
        for row in connection.execute(query)
    ]


def row_of(alert: Alert) -> dict[str, Any]:
    """Return an alert as a row: texts and whole numbers, and the evidence as JSON.

    A NUL in what somebody called a thing is replaced, since PostgreSQL takes none.
    """
    row = {name: getattr(alert, name) for name in Alert.__slots__}
    texts = {"severity": alert.severity.value, "state": alert.state.value}
    row |= {**texts, "evidence": json.dumps(list(alert.evidence), default=str)}
    return {
        name: value.replace("\0", _ODD) if isinstance(value, str) else value
        for name, value in row.items()
    }


def alert_of(row: Mapping[str, Any]) -> Alert:
    """Return the alert of a row."""
    texts = {"severity": Severity(row["severity"]), "state": AlertState(row["state"])}
    return Alert(**{**row, **texts, "evidence": tuple(json.loads(row["evidence"]))})


def _alert(row: Row[Any]) -> Alert:
    return alert_of(dict(row._mapping))  # noqa: SLF001  # the documented way to a row as a mapping
