"""`first_seen`: a value that was not there before, or the return of somebody who was away.

Of the events of one value in one span of the history only the first can be new, and whether its
owner was known long enough is told by the first and last events of spans. So the cost is that of
one grouping, however many events there are.
"""

from __future__ import annotations

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import EVER, Form, value_of
from lakewarden.watch.rule import Rule
from lakewarden.watch.selection import predicate
from lakewarden.watch.sql import floored


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: events whose value is new to one who is known."""
    history = max(rule.duration("history", setting.site), 1)
    warmup = rule.duration("warmup", setting.site)
    value, there = value_of(rule, setting)
    new, reach = f"(before IS NULL OR before < first_of - {history})", history + warmup
    if not rule.spec.get("value"):
        new, reach = f"before < first_of - {history}", EVER
    told = rule.only
    wanted = told.render(lambda name: predicate(rule.select[name], setting)) if told else "TRUE"
    return Form(
        _hits(history, warmup, new),
        extra={"v": value, "wanted": f"COALESCE({wanted}, FALSE)"},
        where=there,
        back=reach,
        ahead=reach,
        fades=True,
    )


def _hits(history: int, warmup: int, new: str) -> str:
    """Return the wanted events that are the first of a new value of one who is known."""
    spans = (
        "SELECT account_id, k, v, MIN(ts) AS first_of, MAX(ts) AS last_of "
        f"FROM m GROUP BY account_id, k, v, {floored('ts', history)}"
    )
    before = "LAG(last_of) OVER (PARTITION BY account_id, k, v ORDER BY first_of) AS before"
    firsts = f"SELECT account_id, k, v, first_of, {before} FROM ({spans}) AS spans"
    heard = (
        "SELECT account_id, k, MIN(first_of) AS since, MAX(last_of) AS until "
        f"FROM ({spans}) AS spans GROUP BY account_id, k, {floored('first_of', history)}"
    )
    known = f"BETWEEN firsts.first_of - {history + warmup} AND firsts.first_of - {warmup}"
    ids = (
        "SELECT MIN(CASE WHEN m.wanted THEN m.id END) AS id FROM m "
        f"JOIN (SELECT * FROM ({firsts}) AS firsts WHERE {new}) AS firsts "
        "ON m.account_id = firsts.account_id AND m.k = firsts.k AND m.v = firsts.v "
        "AND m.ts = firsts.first_of "
        f"JOIN ({heard}) AS heard ON m.account_id = heard.account_id AND m.k = heard.k "
        f"AND (heard.since {known} OR heard.until {known}) "
        "GROUP BY m.account_id, m.k, m.v, m.ts"
    )
    return (
        f"SELECT m.*, m.ts AS hit_at FROM m JOIN ({ids}) AS told ON m.id = told.id WHERE m.wanted"
    )
