"""`silence`: nothing more from what used to be heard of.

Between two events of one span of the longest silence there is none that is too long, so it is
enough to look from span to span, and to count only what was heard before a silence.
"""

from __future__ import annotations

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import Form
from lakewarden.watch.rule import Rule
from lakewarden.watch.sql import floored


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: the last events before a silence that is too long."""
    site = setting.site
    longest, history = rule.duration("longest", site), rule.duration("history", site)
    least = rule.number("at_least", site)
    spans = (
        "SELECT account_id, k, MIN(ts) AS first_of, MAX(ts) AS last_of "
        f"FROM m GROUP BY account_id, k, {floored('ts', longest)}"
    )
    after = "LEAD(first_of) OVER (PARTITION BY account_id, k ORDER BY first_of)"
    followed = f"SELECT account_id, k, last_of, {after} AS after FROM ({spans}) AS spans"
    heard = (
        "SELECT MAX(CASE WHEN m.ts = ended.last_of THEN m.id END) AS last_id, COUNT(*) AS heard "
        f"FROM m JOIN ({followed}) AS ended ON m.account_id = ended.account_id AND m.k = ended.k "
        f"AND m.ts BETWEEN ended.last_of - {history} AND ended.last_of "
        f"WHERE COALESCE(ended.after, {setting.now}) - ended.last_of > {longest} "
        "GROUP BY ended.account_id, ended.k, ended.last_of"
    )
    return Form(
        "SELECT m.*, m.ts AS hit_at FROM m "
        f"JOIN ({heard}) AS told ON m.id = told.last_id WHERE told.heard >= {least}",
        back=history,
        before=longest,
        ahead=max(history, longest),
        fades=True,
        waits=longest,
    )
