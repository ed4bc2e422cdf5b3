"""`first_seen`: a value that was not there before, or the return of somebody who was away."""

from __future__ import annotations

from lakewarden.watch.fields import Setting
from lakewarden.watch.kinds.form import EVER, Form, preceding, value_of
from lakewarden.watch.rule import Rule
from lakewarden.watch.selection import predicate


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: events whose value is new to one who is known."""
    history = rule.duration("history", setting.site)
    warmup = rule.duration("warmup", setting.site)
    value, there = value_of(rule, setting)
    before = "LAG(ts) OVER (PARTITION BY account_id, k, v ORDER BY ts, id)"
    known = f"MIN(ts) {preceding(history + warmup)}"
    rows = f"SELECT *, {before} AS before, {known} AS known FROM m"
    new, reach = f"(before IS NULL OR before < ts - {history})", history + warmup
    if not rule.spec.get("value"):
        new, reach = f"before < ts - {history}", EVER
    told = rule.only
    wanted = told.render(lambda name: predicate(rule.select[name], setting)) if told else "TRUE"
    due = f"wanted AND {new} AND known <= ts - {warmup}"
    return Form(
        f"SELECT *, ts AS hit_at FROM ({rows}) AS told WHERE {due}",
        extra={"v": value, "wanted": f"COALESCE({wanted}, FALSE)"},
        where=there,
        back=reach,
        ahead=reach,
        fades=True,
    )
