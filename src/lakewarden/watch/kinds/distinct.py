"""`distinct`: at least so many different values in a sliding window.

Each occurrence of a value counts from its time until the window has passed over it or the value
occurs again; the number of values at a time is the number of such spans that are open. So the cost
is that of sorting, however many events one key has.
"""

from __future__ import annotations

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import Form, around_hits, of_keys, value_of
from lakewarden.watch.rule import Rule


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: events at which enough values are open."""
    window = rule.duration("window", setting.site)
    least = rule.number("at_least", setting.site)
    value, there = value_of(rule, setting)
    again = "LEAD(ts) OVER (PARTITION BY account_id, k, v ORDER BY ts, id)"
    ended = f"COALESCE(LEAST({again}, ts + {window} + 1), ts + {window} + 1)"
    rows = of_keys(f"COUNT(DISTINCT v) >= {least}")
    spans = f"SELECT *, {ended} AS stop FROM {rows} AS varied"
    opened = f"SELECT account_id, k, id, ts AS t, 1 AS d FROM ({spans}) AS opening"
    nobody = "CAST(NULL AS STRING) AS id"
    closed = f"SELECT account_id, k, {nobody}, stop AS t, -1 AS d FROM ({spans}) AS closing"
    running = (
        "SUM(d) OVER (PARTITION BY account_id, k ORDER BY t "
        "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    )
    counted = f"SELECT id, t, {running} AS n FROM ({opened} UNION ALL {closed}) AS turns"
    full = f"SELECT id FROM ({counted}) AS counted WHERE id IS NOT NULL AND n >= {least}"
    hits = (
        "SELECT m.*, CASE WHEN full_at.id IS NOT NULL THEN m.ts END AS hit "
        f"FROM {rows} AS m LEFT JOIN ({full}) AS full_at ON m.id = full_at.id"
    )
    return Form(
        around_hits(hits, window),
        extra={"v": value},
        where=there,
        back=2 * window,
        ahead=2 * window,
    )
