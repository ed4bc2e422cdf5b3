"""`baseline`: far more in one period than in the periods before.

Above the mean by so many standard deviations is put without roots and without division, so that
every engine comes to the same answer: with n periods, their sum S and the sum Q of their squares, x
is above when n·x - S > 0 and (n·x - S)² > times² · (n·Q - S²).
"""

from __future__ import annotations

from lakewarden.watch.fields import Setting, expression
from lakewarden.watch.kinds.form import Form
from lakewarden.watch.rule import Rule, duration


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: the events of periods that are far above the others."""
    site = setting.site
    per, history = duration(rule.spec["per"]), rule.duration("history", site)
    history -= history % per
    past = (
        f"OVER (PARTITION BY account_id, k ORDER BY p RANGE BETWEEN {history} PRECEDING "
        f"AND {per} PRECEDING)"
    )
    periods = f"SELECT account_id, k, p, {_measure(rule)} AS x FROM m GROUP BY account_id, k, p"
    told = (
        f"SELECT account_id, k, p, x, COALESCE((p - MIN(p) {past}) / {per}, 0) AS n, "
        f"COALESCE(SUM(x) {past}, 0) AS s, COALESCE(SUM(x * x) {past}, 0) AS q "
        f"FROM ({periods}) AS periods"
    )
    high = f"SELECT account_id, k, p FROM ({told}) AS told WHERE {_above(rule, setting)}"
    hits = (
        "SELECT m.*, m.p AS hit_at FROM m JOIN "
        f"({high}) AS high ON m.account_id = high.account_id AND m.k = high.k AND m.p = high.p"
    )
    return Form(
        hits,
        extra={"p": f"(ts - ts % {per})", "amount": _amount(rule, setting)},
        back=history + per,
        before=per,
        ahead=history + per,
        fades=True,
    )


def _measure(rule: Rule) -> str:
    word = str(rule.spec["measure"]).split()[0]
    totals = {"count": "COUNT(*)", "sum": "SUM(amount)", "distinct": "COUNT(DISTINCT amount)"}
    if word not in totals:
        raise ValueError(f"measure: {word!r} is none of {', '.join(totals)}")
    return f"CAST({totals[word]} AS DOUBLE)"


def _amount(rule: Rule, setting: Setting) -> str:
    word, *fields = str(rule.spec["measure"]).split()
    if word == "count":
        return "1"
    if len(fields) != 1:
        raise ValueError(f"measure: {word} takes one field")
    read = expression(fields[0], setting)
    return f"COALESCE(TRY_CAST({read} AS DOUBLE), 0)" if word == "sum" else read


def _above(rule: Rule, setting: Setting) -> str:
    site = setting.site
    times, floor = rule.number("times", site), rule.number("floor", site, 0)
    least = rule.number("least_periods", site, 5)
    usual = f"(n * x - s > 0 AND (n * x - s) * (n * x - s) > {times * times} * (n * q - s * s))"
    judged = f"(n >= {least} AND {usual})"
    if "flat" in rule.spec:
        judged = f"({judged} OR (n < {least} AND x >= {rule.number('flat', site)}))"
    return f"x > {floor} AND {judged}"
