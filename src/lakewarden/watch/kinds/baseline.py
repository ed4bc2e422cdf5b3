"""`baseline`: far more in one period than in the periods before.

Above the mean by so many standard deviations is put without roots and without division, so that
every engine comes to the same answer: with n periods, their sum S and the sum Q of their squares, x
is above when n·x - S > 0 and (n·x - S)² > times² · (n·Q - S²).
"""

from __future__ import annotations

from collections.abc import Mapping

from lakewarden.watch.fields import Setting, expression
from lakewarden.watch.kinds.form import Form, Past
from lakewarden.watch.rule import Rule, duration
from lakewarden.watch.sql import floored


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: the events of periods that are far above the others."""
    site = setting.site
    per, history = duration(rule.spec["per"]), rule.duration("history", site)
    history -= history % per
    past = (
        f"OVER (PARTITION BY account_id, k ORDER BY p RANGE BETWEEN {history} PRECEDING "
        f"AND {per} PRECEDING)"
    )
    apart, amount, measure = _measure(rule, setting)
    periods = (
        f"SELECT account_id, k, span AS p, {measure} AS x FROM spans GROUP BY account_id, k, span"
    )
    told = (
        f"SELECT account_id, k, p, x, COALESCE((p - MIN(p) {past}) / {per}, 0) AS n, "
        f"COALESCE(SUM(x) {past}, 0) AS s, COALESCE(SUM(x * x) {past}, 0) AS q "
        f"FROM ({periods}) AS periods"
    )
    high = f"SELECT account_id, k, p FROM ({told}) AS told WHERE {_above(rule, setting)}"
    return Form(
        "SELECT m.*, m.p AS hit_at FROM m JOIN high "
        "ON m.account_id = high.account_id AND m.k = high.k AND m.p = high.p",
        past=Past({"high": high}, span=per, apart=apart, amount=amount),
        extra={"p": floored("ts", per)},
        back=history + per,
        before=per,
        ahead=history + per,
        fades=True,
    )


def _measure(rule: Rule, setting: Setting) -> tuple[Mapping[str, str], str, str]:
    """Return what tells events apart, the number that they have, and what is measured of spans."""
    word, *fields = str(rule.spec["measure"]).split()
    totals = {"count": "SUM(n)", "sum": "SUM(total)", "distinct": "COUNT(DISTINCT v)"}
    if word not in totals:
        raise ValueError(f"measure: {word!r} is none of {', '.join(totals)}")
    if word != "count" and len(fields) != 1:
        raise ValueError(f"measure: {word} takes one field")
    read = expression(fields[0], setting) if fields else ""
    number = f"GREATEST(COALESCE(TRY_CAST({read} AS DOUBLE), 0), 0)" if word == "sum" else "1"
    return {"v": read} if word == "distinct" else {}, number, f"CAST({totals[word]} AS DOUBLE)"


def _above(rule: Rule, setting: Setting) -> str:
    site = setting.site
    times, floor = rule.number("times", site), rule.number("floor", site, 0)
    least = rule.number("least_periods", site, 5)
    usual = f"(n * x - s > 0 AND (n * x - s) * (n * x - s) > {times * times} * (n * q - s * s))"
    judged = f"(n >= {least} AND {usual})"
    if "flat" in rule.spec:
        judged = f"({judged} OR (n < {least} AND x >= {rule.number('flat', site)}))"
    return f"x > {floor} AND {judged}"
