"""From a rule to SQL: the events it looks at, its hits, and its alerts with their evidence.

    all_events ─ m (the rule's events, and k: whose they are) ─ hits (kinds/) ─ spans ─ alerts

A run over everything leaves out `Scope`. One over what is new evaluates only the keys that new
events have, and only as far around them as the kind reaches.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from lakewarden.watch.fields import Setting, columns_of, expression
from lakewarden.watch.kinds.form import Form, Past
from lakewarden.watch.rule import Rule, duration
from lakewarden.watch.selection import listed, parts, predicate
from lakewarden.watch.sql import all_of, any_of, floored, joined_text

EVIDENCE: Final = 20
"""How many events of an alert are kept as its evidence."""
_HEAD: Final = ("account_id", "k", "entity", "bucket", "n", "first_ts", "last_ts", "worst")
SHOWN: Final = ("id", "ts", "service", "action", "actor", "src_ip", "place", "status")
"""The columns of each piece of evidence."""
_TOLD: Final = SHOWN[2:]
"""Those that a query of one's own does not say; they are looked up."""
_EVENTS: Final = re.compile(
    r"\b(FROM|JOIN)\s+events(?:\s+AS\s+(\w+)|(?=\s+WHERE\b|\s*\)|\s*$))", re.IGNORECASE
)
"""Where a query of one's own reads events."""
_RECENT: Final = "recent"
"""What it calls those that it selects its rows from."""
_EVER: Final = "ever"
"""What it calls all of them, however little a run looks at."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of the events is looked at.

    Attributes:
        first: the earliest time, in ms.
        last: the latest time.
        hits: the earliest time of an alert that is wanted.
        touched: only keys that the view `fresh_events` has.
    """

    first: int
    last: int
    hits: int
    touched: bool = True


def form_of(rule: Rule, setting: Setting) -> Form:
    """Return how a rule's events are put together.

    Raises:
        ValueError: the rule says something that its kind does not understand.
    """
    if rule.kind == "sql":
        reach, waits = duration(rule.spec["reach"]), rule.duration("waits", setting.site)
        return Form(
            "SELECT *, ts AS hit_at FROM m",
            back=reach,
            before=rule.duration("ahead", setting.site, reach),
            ahead=reach,
            fades=True,
            waits=waits,
        )
    module = importlib.import_module(f"lakewarden.watch.kinds.{rule.kind}")
    make: Callable[[Rule, Setting], Form] = module.form
    return make(rule, setting)


def looked_at(rule: Rule, setting: Setting) -> str:
    """Return the condition of the events that a rule looks at; FALSE for one in SQL."""
    render = [
        c.render(lambda name: predicate(rule.select[name], setting)) for c in rule.conditions()
    ]
    return all_of([_recorded(rule, setting), any_of(render)])


def key_of(rule: Rule, setting: Setting) -> str:
    """Return whose an event is, as one text."""
    return joined_text(_text(name, setting) for name in rule.by)


def compiled(rule: Rule, setting: Setting, scope: Scope | None = None) -> str:
    """Return the query of a rule's alerts: one row a piece of evidence.

    Columns: account_id, k, entity, bucket (the start of the alert's span), n (events of the alert),
    first_ts, last_ts, worst (rank of the severity), and those of `SHOWN`.

    Raises:
        ValueError: the rule says something that its kind does not understand.
    """
    form = form_of(rule, setting)
    source = (
        _events_of_query(rule, setting, scope)
        if rule.kind == "sql"
        else _events(rule, setting, form, scope)
    )
    span = "PARTITION BY account_id, entity, bucket"
    bucketed = f"SELECT *, {floored('hit_at', rule.suppress)} AS bucket FROM ({form.hits}) AS hits"
    counted = (
        f"SELECT *, COUNT(*) OVER ({span}) AS n, MIN(ts) OVER ({span}) AS first_ts, "
        f"MAX(ts) OVER ({span}) AS last_ts, MAX(severity_rank) OVER ({span}) AS worst, "
        f"ROW_NUMBER() OVER ({span} ORDER BY ts, id) AS place_in_span FROM ({bucketed}) AS bucketed"
    )
    kept = f"SELECT * FROM ({counted}) AS counted WHERE place_in_span <= {EVIDENCE}"
    if rule.kind == "sql":
        kept = _looked_up(kept, scope)
    columns = ", ".join((*_HEAD, *SHOWN))
    return f"{source} SELECT {columns} FROM ({kept}) AS kept"


def _looked_up(kept: str, scope: Scope | None) -> str:
    """Return evidence with what its events say, which a query of one's own does not select.

    The hint keeps Spark from sending all events to every worker: read from files, they look small.
    """
    said = ", ".join(name for name in _TOLD if name != "place")
    events = (
        f"SELECT id, ts, {said}, COALESCE(workspace_id, region) AS place "
        f"FROM all_events WHERE {all_of(_limits(_late(scope)))}"
    )
    columns = ", ".join((*(f"bare.{n}" for n in (*_HEAD, "id", "ts")), *_TOLD))
    return (
        f"SELECT /*+ MERGE(said) */ {columns} FROM ({kept}) AS bare "
        f"LEFT JOIN ({events}) AS said ON said.id = bare.id AND said.ts = bare.ts"
    )


def touched_keys(rule: Rule, setting: Setting) -> str:
    """Return the query of the keys that new events of a rule have."""
    return (
        f"SELECT DISTINCT COALESCE(account_id, '') AS account_id, {key_of(rule, setting)} AS k "
        f"FROM {_from('fresh_events', _places(rule))} WHERE {looked_at(rule, setting)}"
    )


def needs_places(rule: Rule, setting: Setting) -> bool:
    """Return whether a rule asks where addresses are."""
    if rule.kind == "sql":
        return bool(re.search(r"\bplaces\b", str(rule.spec["query"])))
    return _places(rule) or form_of(rule, setting).places


def addresses(rule: Rule, setting: Setting, scope: Scope | None) -> str:
    """Return the query of the public addresses that a rule may look at."""
    where = all_of([_recorded(rule, setting), "ip_kind = 'public'", *_limits(scope)])
    return f"SELECT DISTINCT src_ip FROM all_events WHERE {where}"


def between(first: int, last: int) -> str:
    """Return the condition of the events of a stretch of time, for which few files are opened."""
    days = f"day BETWEEN '{_day(first)}' AND '{_day(last)}'"
    return f"{days} AND ts BETWEEN {first} AND {last}"


def _events(rule: Rule, setting: Setting, form: Form, scope: Scope | None) -> str:
    columns: Mapping[str, str] = {
        "account_id": "COALESCE(account_id, '')",
        **{name: name for name in SHOWN if name != "place"},
        "place": "COALESCE(workspace_id, region)",
        "k": key_of(rule, setting),
        "entity": joined_text(_text(name, setting) for name in rule.entity),
        "severity_rank": _rank(rule, setting),
        "now_ms": str(setting.now),
        **form.extra,
    }
    if form.past is None:
        rows = _rows(rule, setting, form, scope, columns)
        return f"WITH m AS ({_touched(rule, setting, scope, rows)})"
    named = {
        **_past(rule, setting, form, form.past, scope),
        **form.past.queries,
        "m": _rows(rule, setting, form, _late(scope), columns),
    }
    return "WITH " + ", ".join(f"{name} AS ({query})" for name, query in named.items())


def _past(
    rule: Rule, setting: Setting, form: Form, past: Past, scope: Scope | None
) -> Mapping[str, str]:
    """Return the queries `spans` and, where it is asked for, `past`.

    Fields make up keys after they were grouped, when there are far fewer of them.
    """
    account, fields = (
        "COALESCE(account_id, '')",
        {f"k{n}": _text(name, setting) for n, name in enumerate(rule.by)},
    )
    columns = {
        "account_id": account,
        "ts": "ts",
        **fields,
        **past.apart,
        "amount": past.amount,
        "span": floored("ts", past.span),
    }
    apart = ", ".join(("account_id", *fields, *past.apart, "span"))
    grouped = (
        f"SELECT {apart}, MIN(ts) AS first_of, MAX(ts) AS last_of, COUNT(*) AS n, "
        f"SUM(amount) AS total FROM ({_rows(rule, setting, form, scope, columns)}) AS told "
        f"GROUP BY {apart}"
    )
    keyed = f"SELECT *, {joined_text(fields)} AS k FROM ({grouped}) AS grouped"
    spans = {"spans": _touched(rule, setting, scope, keyed)}
    if not past.single:
        return spans
    single = {"account_id": account, "k": key_of(rule, setting), "ts": "ts"}
    return {"past": _rows(rule, setting, form, scope, single), **spans}


def _rows(
    rule: Rule, setting: Setting, form: Form, scope: Scope | None, columns: Mapping[str, str]
) -> str:
    """Return some columns of the events that a rule looks at."""
    written = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    base = _from("all_events", form.places or _places(rule))
    where = all_of([looked_at(rule, setting), form.where, *_limits(scope)])
    return f"SELECT {written} FROM {base} WHERE {where}"


def _touched(rule: Rule, setting: Setting, scope: Scope | None, rows: str) -> str:
    """Return those rows whose keys new events have, where only they are wanted."""
    if not (scope and scope.touched and rule.by):
        return rows
    return (
        f"SELECT e.* FROM ({rows}) AS e JOIN ({touched_keys(rule, setting)}) AS touched "
        "ON e.account_id = touched.account_id AND e.k = touched.k"
    )


def _events_of_query(rule: Rule, setting: Setting, scope: Scope | None) -> str:
    """Return the events of a query of one's own.

    They are put in wherever it reads them, since an engine then reads for each place only what that
    place asks for; of a name that is used twice it would read all that any place asks for.
    """

    def within(limits: Scope | None) -> str:
        where = all_of([_recorded(rule, setting), *_limits(limits)])
        return f"SELECT * FROM all_events WHERE {where}"

    def put(found: re.Match[str]) -> str:
        name = found[2] or "events"
        limits = {_RECENT: _late(scope), _EVER: None}.get(name, scope)
        return f"{found[1]} ({within(limits)}) AS {name}"

    rank = rule.severity.rank
    query = _EVENTS.sub(put, _filled(rule, setting))
    rows = (
        f"SELECT COALESCE(account_id, '') AS account_id, id, ts, COALESCE(entity, '') AS k, "
        f"COALESCE(entity, '') AS entity, {rank} AS severity_rank FROM ({query}) AS query_rows "
        "WHERE ts IS NOT NULL"
    )
    return f"WITH events AS ({within(scope)}), m AS ({rows})"


def _filled(rule: Rule, setting: Setting) -> str:
    """Return a rule's query with its selections, and with texts of site values in lower case."""

    def selected(reference: re.Match[str]) -> str:
        return predicate(rule.select[reference[1]], setting)

    def filled(reference: re.Match[str]) -> str:
        values = listed(setting.site.resolve(reference[0]))
        return ", ".join(setting.text(str(each).lower()) for each in values) or "NULL"

    query = re.sub(r"\$\{(?:site|set)\.\w+\}", filled, str(rule.spec["query"]))
    return re.sub(r"\$\{select\.(\w+)\}", selected, query)


def _recorded(rule: Rule, setting: Setting) -> str:
    return f"source IN ({', '.join(setting.text(source.value) for source in rule.sources)})"


def _late(scope: Scope | None) -> Scope | None:
    """Return a scope from the first alert on that is wanted."""
    return replace(scope, first=scope.hits) if scope else None


def _limits(scope: Scope | None) -> list[str]:
    return [between(scope.first, scope.last)] if scope else []


def _day(time: int) -> str:
    return datetime.fromtimestamp(max(0, time) / 1000, UTC).date().isoformat()


def _rank(rule: Rule, setting: Setting) -> str:
    """Return the rank of an event's severity; of several that hold the worst."""

    def named(name: str) -> str:
        return predicate(rule.select[name], setting)

    cases = sorted(rule.worse, key=lambda each: -each.severity.rank)
    written = " ".join(
        f"WHEN {each.when.render(named)} THEN {each.severity.rank}" for each in cases
    )
    return f"CASE {written} ELSE {rule.severity.rank} END" if written else str(rule.severity.rank)


def _text(name: str, setting: Setting) -> str:
    return f"CAST({expression(name, setting)} AS STRING)"


def _places(rule: Rule) -> bool:
    """Return whether a rule speaks of countries."""
    listing = ("by", "entity", "value", "differs", "same")
    names = {*rule.by, *rule.entity, *(n for key in listing for n in rule.spec.get(key, ()))}
    names |= {str(rule.spec.get("sum", "")), *str(rule.spec.get("measure", "")).split()[1:]}
    for selection in rule.select.values():
        for one in selection if isinstance(selection, list) else [selection]:
            names |= {parts(str(key))[0] for key in one}
    return bool(columns_of(names))


def _from(view: str, places: bool) -> str:  # noqa: FBT001  # two shapes of one table
    if not places:
        return view
    columns = "ip AS place_ip, country, lat, lon, radius_km"
    return f"{view} LEFT JOIN (SELECT {columns} FROM places) AS places ON src_ip = places.place_ip"
