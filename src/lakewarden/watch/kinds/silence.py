"""`silence`: nothing more from what used to be heard of.

Between two events of one span of the longest silence there is none that is too long, so it is
enough to look from span to span, and to count only what was heard before a silence.
"""

from __future__ import annotations

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import Form, Past
from lakewarden.watch.rule import Rule


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: the last events before a silence that is too long."""
    site = setting.site
    longest, history = rule.duration("longest", site), rule.duration("history", site)
    least = rule.number("at_least", site)
    after = "LEAD(MIN(first_of)) OVER (PARTITION BY account_id, k ORDER BY span)"
    followed = (
        f"SELECT account_id, k, MAX(last_of) AS last_of, {after} AS after "
        "FROM spans GROUP BY account_id, k, span"
    )
    ended = (
        f"SELECT account_id, k, last_of FROM ({followed}) AS followed "
        f"WHERE LEAST(COALESCE(after, {setting.now}), {setting.now}) - last_of > {longest}"
    )
    heard = (
        "SELECT ended.account_id, ended.k, ended.last_of FROM past JOIN ended "
        "ON past.account_id = ended.account_id AND past.k = ended.k "
        f"AND past.ts BETWEEN ended.last_of - {history} AND ended.last_of "
        f"GROUP BY ended.account_id, ended.k, ended.last_of HAVING COUNT(*) >= {least}"
    )
    return Form(
        "SELECT * FROM (SELECT m.*, m.ts AS hit_at, "
        "MAX(m.id) OVER (PARTITION BY m.account_id, m.k, m.ts) AS last_id FROM m JOIN heard "
        "ON m.account_id = heard.account_id AND m.k = heard.k AND m.ts = heard.last_of) AS told "
        "WHERE id = last_id",
        past=Past({"ended": ended, "heard": heard}, span=longest, single=True),
        back=history,
        before=longest,
        ahead=max(history, longest),
        fades=True,
        waits=longest,
    )
