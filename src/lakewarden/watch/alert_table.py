"""Alerts that are kept in tables beside the events: in a schema of Unity Catalog, as Delta.

    tables ─ fill ─ a store of this run ─ detect ─ keep ─ tables

What becomes of an alert is decided by the store alone. The tables hold it between runs, and people
work in them by SQL: what they wrote while the rules ran stays. Alerts are written before how far
the rules have looked, so that a run that stops in between is made up for by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.errors import LakewardenError, UsageError
from lakewarden.ledger.alert import Alert, AlertState, Looked, Suppression
from lakewarden.store.alerts import Alerts, alert_of, row_of
from lakewarden.store.deliveries import Deliveries
from lakewarden.watch.engine import Engine
from lakewarden.watch.latecomers import COUNTED
from lakewarden.watch.rule import Rule
from lakewarden.watch.sql import Dialect, literal

_TEXT: Final = "STRING"
_WHOLE: Final = "BIGINT"
_WHOLES: Final = frozenset(
    {"bucket", "first", "last", "count", "raised", "until", "version", "ran", "at"}
)
ALERTS: Final = "lakewarden_alerts"
RULES: Final = "lakewarden_rules"
SUPPRESSIONS: Final = "lakewarden_suppressions"
DELIVERIES: Final = "lakewarden_deliveries"
TABLES: Final[Mapping[str, Sequence[str]]] = {
    ALERTS: Alert.__slots__,
    RULES: ("events", "rule", "title", "severity", "digest", "version", "idle", "ran"),
    SUPPRESSIONS: Suppression.__slots__,
    DELIVERIES: ("alert", "sink", "severity", "count", "at"),
}
"""The columns of every table. Times are Unix time in ms, `evidence` is JSON, and `idle` says why a
rule cannot tell anything; `ran` is when it was tried."""
_KEYS: Final = {ALERTS: ("id",), RULES: ("events", "rule"), DELIVERIES: ("alert", "sink")}
_PEOPLES: Final = ("state", "reason", "by")
"""What people change."""
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Run:
    """What is kept of a run beside the alerts.

    Attributes:
        events: the name of the events that were looked at.
        rules: the rules that were to be run.
        idle: why rules could not be run, by their id.
        now: when it was, Unix time in ms.
    """

    events: str
    rules: Sequence[Rule]
    idle: Mapping[str, str]
    now: int


class AlertTable:
    """The tables of one schema."""

    def __init__(self, engine: Engine, schema: str) -> None:
        """Take the schema that the tables are in; those that are not there are made.

        Args:
            engine: can write to it.
            schema: `catalog.schema`.

        Raises:
            UsageError: that is no schema.
            LakewardenError: the tables can neither be read nor made.
        """
        self._engine = engine
        self._dialect = Dialect(engine.dialect)
        self._schema = schema
        self._before: dict[str, Alert] = {}
        self._told: dict[str, dict[str, Any]] = {}
        for table in TABLES:
            self._make(table)

    def fill(self, alerts: Alerts) -> None:
        """Put what is kept into a store that has nothing yet.

        Raises:
            UsageError: what people wrote into a table cannot be read.
        """
        self._before = {alert.id: alert for alert in map(_written, self._read(ALERTS))}
        alerts.take(self._before.values())
        for expected in _once(Suppression(**row) for row in self._read(SUPPRESSIONS)):
            alerts.suppress(expected)
        looked: dict[str, dict[str, Looked]] = {}
        for row in self._read(RULES):
            if row["digest"]:
                known = looked.setdefault(row["events"], {})
                known[row["rule"]] = Looked(row["digest"], row["version"], row["ran"])
        for events, known in looked.items():
            alerts.note((), events=events, looked=known, now=0)

    def keep(self, alerts: Alerts, run: Run) -> None:
        """Keep what is otherwise in the store than it was when it was filled.

        Args:
            alerts: the store.
            run: what else is kept of the run.

        Raises:
            LakewardenError: the tables cannot be written.
        """
        changed = [each for each in alerts.alerts() if each != self._before.get(each.id)]
        self._merge(ALERTS, [{**row_of(each), "was": self._state(each.id)} for each in changed])
        looked = alerts.looked(run.events)
        rows = [_rule_row(run, rule, looked) for rule in run.rules]
        self._merge(RULES, [*rows, *_counted(run, looked)])

    def fill_told(self, deliveries: Deliveries) -> None:
        """Put what sinks were told into a store that was filled otherwise.

        What they were told of a closed alert is forgotten: when it opens again, it is news.

        Raises:
            LakewardenError: the table cannot be written.
        """
        told: list[dict[str, Any]] = []
        closed: list[str] = []
        for row in self._read(DELIVERIES):
            if self._state(row["alert"]) == AlertState.CLOSED:
                closed.append(row["alert"])
            else:
                told.append(row)
        self._forget(sorted(set(closed)))
        self._told = {_delivery(row): row for row in told}
        deliveries.take(told)

    def keep_told(self, deliveries: Deliveries) -> None:
        """Keep what sinks were told since.

        Raises:
            LakewardenError: the table cannot be written.
        """
        rows = deliveries.rows()
        self._merge(DELIVERIES, [row for row in rows if row != self._told.get(_delivery(row))])

    def _forget(self, alerts: Sequence[str]) -> None:
        place = placed(self._schema, DELIVERIES, self._dialect)
        for start in range(0, len(alerts), _AT_ONCE):
            some = ", ".join(literal(a, self._dialect) for a in alerts[start : start + _AT_ONCE])
            self._engine.rows(f"DELETE FROM {place} WHERE alert IN ({some})")

    def _state(self, identity: str) -> str:
        before = self._before.get(identity)
        return before.state.value if before else ""

    def _make(self, table: str) -> None:
        place = placed(self._schema, table, self._dialect)
        with suppress(LakewardenError):
            self._engine.rows(f"SELECT * FROM {place} LIMIT 0")
            return
        self._engine.rows(declared(self._schema, table, self._dialect))

    def _read(self, table: str) -> Iterator[dict[str, Any]]:
        columns = TABLES[table]
        place = placed(self._schema, table, self._dialect)
        listed = ", ".join(name(column, self._dialect) for column in columns)
        for row in self._engine.rows(f"SELECT {listed} FROM {place}"):
            yield dict(zip(columns, row, strict=True))

    def _merge(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            self._engine.rows(merged(self._schema, table, some, self._dialect))


def _written(row: Mapping[str, Any]) -> Alert:
    """Return the alert of a row, which people may have changed."""
    try:
        return alert_of(row)
    except ValueError as error:
        raise UsageError(
            f"the alert {row['id']} cannot be read: {error}",
            where=ALERTS,
            next_step=f"Correct it by UPDATE; a state is one of {', '.join(AlertState)}",
        ) from None


def _once(suppressions: Iterable[Suppression]) -> Iterator[Suppression]:
    """Yield what is expected; people give the ids."""
    seen: set[str] = set()
    for each in suppressions:
        if each.id in seen:
            raise UsageError(
                f"two rows have the id {each.id!r}",
                where=SUPPRESSIONS,
                next_step="Give one of them another id by UPDATE",
            )
        seen.add(each.id)
        yield each


def _delivery(row: Mapping[str, Any]) -> str:
    return f"{row['alert']} {row['sink']}"


def placed(schema: str, table: str, dialect: Dialect = Dialect.SPARK) -> str:
    """Return the name of a table as SQL has it.

    Raises:
        UsageError: the schema is none.
    """
    parts = schema.split(".")
    if len(parts) != 2 or not all(parts):  # noqa: PLR2004  # catalogue and schema
        raise UsageError(f"{schema!r} is no schema", next_step="Write it like main.security")
    return ".".join(name(part, dialect) for part in (*parts, table))


def name(text: str, dialect: Dialect) -> str:
    """Return a name as it is quoted in SQL."""
    quote = "`" if dialect is Dialect.SPARK else '"'
    return quote + text.replace(quote, quote * 2) + quote


def declared(schema: str, table: str, dialect: Dialect = Dialect.SPARK) -> str:
    """Return the statement that makes a table unless it is there.

    Raises:
        UsageError: the schema is none.
    """
    columns = ", ".join(
        f"{name(column, dialect)} {_WHOLE if column in _WHOLES else _TEXT} NOT NULL"
        for column in TABLES[table]
    )
    return f"CREATE TABLE IF NOT EXISTS {placed(schema, table, dialect)} ({columns})"


def merged(
    schema: str, table: str, rows: Sequence[Mapping[str, Any]], dialect: Dialect = Dialect.SPARK
) -> str:
    """Return the statement that brings rows into a table by their keys.

    Args:
        schema: that the table is in.
        table: its name.
        rows: at least one; of alerts, `was` is the state that this run found them in.
        dialect: of the engine.
    """
    columns = [name(column, dialect) for column in TABLES[table]]
    given = ", ".join(name(column, dialect) for column in rows[0])
    values = ", ".join(
        f"({', '.join(_value(value, dialect) for value in row.values())})" for row in rows
    )
    keys = [name(key, dialect) for key in _KEYS[table]]
    same = " AND ".join(f"kept.{key} = found.{key}" for key in keys)
    changes = ", ".join(
        f"{name(column, dialect)} = {_change(column, table, dialect)}"
        for column in TABLES[table]
        if column not in _KEYS[table]
    )
    return (
        f"MERGE INTO {placed(schema, table, dialect)} AS kept "
        f"USING (SELECT * FROM (VALUES {values}) AS found ({given})) AS found ON {same} "
        f"WHEN MATCHED THEN UPDATE SET {changes} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) "
        f"VALUES ({', '.join(f'found.{column}' for column in columns)})"
    )


def _change(column: str, table: str, dialect: Dialect) -> str:
    quoted, state = name(column, dialect), name("state", dialect)
    if table == ALERTS and column == "count":
        theirs = f"kept.{state} = '{AlertState.CLOSED}' AND found.was <> '{AlertState.CLOSED}'"
        return f"CASE WHEN {theirs} THEN kept.{quoted} ELSE found.{quoted} END"
    if table != ALERTS or column not in _PEOPLES:
        return f"found.{quoted}"
    return f"CASE WHEN kept.{state} = found.was THEN found.{quoted} ELSE kept.{quoted} END"


def _value(value: str | int, dialect: Dialect) -> str:
    return literal(value, dialect) if isinstance(value, str) else f"CAST({value} AS {_WHOLE})"


def _counted(run: Run, looked: Mapping[str, Looked]) -> Iterator[dict[str, Any]]:
    """Yield the row that says how many events there were that rules look at no more."""
    if COUNTED in looked:
        digest, version, at = looked[COUNTED]
        title = "events that came late"
        row = (run.events, COUNTED, title, "", digest, version, "", at)
        yield dict(zip(TABLES[RULES], row, strict=True))


def _rule_row(run: Run, rule: Rule, looked: Mapping[str, Looked]) -> dict[str, Any]:
    far = looked.get(rule.id, Looked("", 0, 0))
    return {
        "events": run.events,
        "rule": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "digest": far.digest,
        "version": far.version,
        "idle": run.idle.get(rule.id, ""),
        "ran": far.at or run.now,
    }
