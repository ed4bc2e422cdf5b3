"""`threshold`: at least so many events, or so much of something, in a sliding window."""

from __future__ import annotations

from lakewarden.watch.fields import Setting, expression
from lakewarden.watch.kinds.form import Form, around_hits, of_keys, preceding
from lakewarden.watch.rule import Rule


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: events up to which the window holds enough."""
    window = rule.duration("window", setting.site)
    least = rule.number("at_least", setting.site)
    amount, rows = "1", of_keys(f"COUNT(*) >= {least}")
    if "sum" in rule.spec:
        number = expression(str(rule.spec["sum"]), setting)
        amount = f"GREATEST(COALESCE(TRY_CAST({number} AS DOUBLE), 0), 0)"
        rows = "m"
    counted = f"SELECT *, SUM(amount) {preceding(window)} AS total FROM {rows} AS enough"
    hits = f"SELECT *, CASE WHEN total >= {least} THEN ts END AS hit FROM ({counted}) AS counted"
    return Form(
        around_hits(hits, window), extra={"amount": amount}, back=2 * window, ahead=2 * window
    )
