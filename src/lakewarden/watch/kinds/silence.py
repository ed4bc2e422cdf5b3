"""`silence`: nothing more from what used to be heard of."""

from __future__ import annotations

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import Form, preceding
from lakewarden.watch.rule import Rule


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: the last events before a silence that is too long."""
    site = setting.site
    longest, history = rule.duration("longest", site), rule.duration("history", site)
    least = rule.number("at_least", site)
    after = "LEAD(ts) OVER (PARTITION BY account_id, k ORDER BY ts, id)"
    rows = f"SELECT *, {after} AS after, COUNT(*) {preceding(history)} AS heard FROM m"
    long = f"COALESCE(after, {setting.now}) - ts > {longest}"
    return Form(
        f"SELECT *, ts AS hit_at FROM ({rows}) AS told WHERE heard >= {least} AND {long}",
        back=history,
        ahead=max(history, longest),
        fades=True,
        waits=longest,
    )
