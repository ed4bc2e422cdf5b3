"""`first_seen`: a value that was not there before, or the return of somebody who was away.

Of the events of one value in one span of the history only the first can be new, and whether its
owner was known long enough is told by the first and last events of spans. So the cost is that of
one grouping, however many events there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import EVER, Form, Past, fields_of_value, value_of
from lakewarden.watch.rule import Rule
from lakewarden.watch.selection import predicate
from lakewarden.watch.sql import joined_text


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: events whose value is new to one who is known."""
    history = max(rule.duration("history", setting.site), 1)
    warmup = rule.duration("warmup", setting.site)
    value, there = value_of(rule, setting)
    new, reach = f"(before IS NULL OR before < first_of - {history})", history + warmup
    if not rule.spec.get("value"):
        new, reach = f"before < first_of - {history}", EVER
    parts = {f"v{n}": field for n, field in enumerate(fields_of_value(rule, setting))}
    told = rule.only
    wanted = told.render(lambda name: predicate(rule.select[name], setting)) if told else "TRUE"
    return Form(
        _HITS,
        past=Past(_queries(history, warmup, new, joined_text(parts)), span=history, apart=parts),
        extra={"v": value, "wanted": f"COALESCE({wanted}, FALSE)"},
        where=there,
        back=reach,
        ahead=reach,
        fades=True,
    )


_HITS: Final = (
    "SELECT * FROM (SELECT m.*, m.ts AS hit_at, MIN(CASE WHEN m.wanted THEN m.id END) "
    "OVER (PARTITION BY m.account_id, m.k, m.v, m.ts) AS told_id FROM m "
    "JOIN known ON m.account_id = known.account_id AND m.k = known.k AND m.v = known.v "
    "AND m.ts = known.first_of) AS told WHERE id = told_id"
)
"""The wanted events that are the first of a new value of one who is known, one of each time."""


def _queries(history: int, warmup: int, new: str, value: str) -> Mapping[str, str]:
    """Return when each value was there, and when a new one came to one who is known."""
    before = "LAG(last_of) OVER (PARTITION BY account_id, k, v ORDER BY first_of) AS before"
    firsts = f"SELECT account_id, k, v, first_of, {before} FROM visits"
    known = f"BETWEEN firsts.first_of - {history + warmup} AND firsts.first_of - {warmup}"
    return {
        "visits": (
            "SELECT account_id, k, v, MIN(first_of) AS first_of, MAX(last_of) AS last_of "
            f"FROM (SELECT *, {value} AS v FROM spans) AS valued GROUP BY account_id, k, v, span"
        ),
        "heard": (
            "SELECT account_id, k, MIN(first_of) AS since, MAX(last_of) AS until "
            "FROM spans GROUP BY account_id, k, span"
        ),
        "known": (
            "SELECT DISTINCT firsts.account_id, firsts.k, firsts.v, firsts.first_of "
            f"FROM (SELECT * FROM ({firsts}) AS firsts WHERE {new}) AS firsts "
            "JOIN heard ON firsts.account_id = heard.account_id AND firsts.k = heard.k "
            f"AND (heard.since {known} OR heard.until {known})"
        ),
    }
