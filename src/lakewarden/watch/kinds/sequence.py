"""`sequence`: one thing after another, or without another before it.

Going through the steps in order, each event of a step learns the latest time at which its chain can
have begun. The latest start is the best one: when it is too long ago, every other one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakewarden.watch.condition import read as read_condition
from lakewarden.watch.fields import Setting, expression
from lakewarden.watch.kinds.form import Form, around_hits, following, of_keys, preceding
from lakewarden.watch.rule import Rule, duration
from lakewarden.watch.selection import predicate
from lakewarden.watch.sql import all_of, any_of


@dataclass(frozen=True, slots=True)
class _Step:
    """One step: the column that flags its events, and what it asks."""

    flag: str
    absent: bool
    at_least: float
    within: int


def form(rule: Rule, setting: Setting) -> Form:
    """Return the hits of a rule: events of the last step that the others precede."""
    within = rule.duration("within", setting.site)
    if not any("is" in raw for raw in rule.spec["steps"]):
        raise ValueError("steps: one at least is `is`")
    steps = [_step(n, raw, within, setting) for n, raw in enumerate(rule.spec["steps"])]
    extra = {
        step.flag: _flag(rule, raw, setting)
        for step, raw in zip(steps, rule.spec["steps"], strict=True)
    }
    extra |= {
        f"f{n}": f"CAST({expression(name, setting)} AS STRING)"
        for n, name in enumerate(_compared(rule))
    }
    rows, last = _chained(steps, within)
    if _compared(rule):
        rows, last = _paired(rule, steps, within)
    hits = f"SELECT *, CASE WHEN {last} THEN ts END AS hit FROM ({rows}) AS chained"
    taking_part = any_of([step.flag for step in steps if not step.absent])
    part = f"SELECT * FROM ({around_hits(hits, within)}) AS parts WHERE {taking_part}"
    waits = steps[-1].within if steps[-1].absent else 0
    reach = max([within, *(step.within for step in steps)])
    return Form(
        part,
        extra=extra,
        back=3 * reach,
        before=waits,
        ahead=2 * reach,
        fades=any(step.absent for step in steps),
        waits=waits,
    )


def _step(number: int, raw: Mapping[str, Any], within: int, setting: Setting) -> _Step:
    if ("is" in raw) == ("absent" in raw) or raw.keys() - {"is", "absent", "at_least", "within"}:
        raise ValueError(f"steps[{number}]: a step is `is` or `absent`, with at_least and within")
    own = raw.get("within")
    return _Step(
        f"s{number}",
        "absent" in raw,
        setting.site.resolve(raw.get("at_least", 1)),
        within if own is None else duration(setting.site.resolve(own)),
    )


def _flag(rule: Rule, raw: Mapping[str, Any], setting: Setting) -> str:
    condition = read_condition(str(raw.get("is", raw.get("absent"))), rule.select)
    return (
        f"COALESCE({condition.render(lambda name: predicate(rule.select[name], setting))}, FALSE)"
    )


def _chained(steps: list[_Step], within: int) -> tuple[str, str]:
    """Return the rows with the start of each step's chain, and when the last step is reached."""
    rows, start, wanting = f"{_complete(steps)} AS complete", "", list[_Step]()
    for step in steps:
        if step.absent:
            wanting.append(step)
            continue
        begun = "ts"
        if start:
            begun = f"MAX({start}) {preceding(within)}"
        met = [step.flag, *_never(wanting, preceding)]
        if step.at_least > 1:
            ones = f"SUM(CASE WHEN {step.flag} THEN 1 ELSE 0 END)"
            met.append(f"{ones} {preceding(step.within)} >= {step.at_least}")
        wanting = []
        start = f"start_{step.flag}"
        told = f"SELECT *, CASE WHEN {' AND '.join(met)} THEN {begun} END AS {start} FROM {rows}"
        rows = f"(SELECT * FROM ({told}) AS told_{step.flag}) AS rows_{step.flag}"
    last = [f"{start} >= ts - {within}"]
    if wanting:
        rows = _followed(rows, wanting)
        last += [f"alone AND ts + {max(step.within for step in wanting)} < now_ms"]
    return f"SELECT * FROM {rows}", " AND ".join(last)


def _complete(steps: list[_Step]) -> str:
    """Return the rows of the keys that have an event of every step that is to be there."""
    there = [
        f"MAX(CASE WHEN {step.flag} THEN 1 ELSE 0 END) = 1" for step in steps if not step.absent
    ]
    return of_keys(all_of(there))


def _never(steps: list[_Step], window: Any) -> list[str]:
    """Return that none of some steps is in the window around an event."""
    seen = "MAX(CASE WHEN {} THEN 1 ELSE 0 END)"
    return [f"{seen.format(step.flag)} {window(step.within)} = 0" for step in steps]


def _followed(rows: str, absent: list[_Step]) -> str:
    alone = " AND ".join(_never(absent, following))
    return f"(SELECT *, {alone} AS alone FROM {rows}) AS followed"


def _compared(rule: Rule) -> tuple[str, ...]:
    return (*rule.spec.get("differs", ()), *rule.spec.get("same", ()))


def _paired(rule: Rule, steps: list[_Step], within: int) -> tuple[str, str]:
    """Return the rows of two steps whose events are compared, and when the second is reached.

    Raises:
        ValueError: there are not two steps, or one of them asks more than to be there.
    """
    if len(steps) != 2 or any(step.absent or step.at_least > 1 for step in steps):  # noqa: PLR2004  # a pair
        raise ValueError("differs and same go with two plain steps")
    first, second = steps
    count = len(rule.spec.get("differs", ()))
    differ = [f"one.f{n} <> two.f{n}" for n in range(count)]
    equal = [f"one.f{n} = two.f{n}" for n in range(count, len(_compared(rule)))]
    met = [f"one.{first.flag}", f"two.{second.flag}", *([any_of(differ)] if differ else []), *equal]
    complete = _complete(steps)
    pairs = (
        f"SELECT DISTINCT two.id FROM {complete} AS two JOIN {complete} AS one "
        "ON one.account_id = two.account_id AND one.k = two.k AND one.id <> two.id "
        f"AND one.ts BETWEEN two.ts - {within} AND two.ts WHERE {' AND '.join(met)}"
    )
    rows = (
        "SELECT m.*, pairs.id IS NOT NULL AS paired "
        f"FROM {complete} AS m LEFT JOIN ({pairs}) AS pairs ON m.id = pairs.id"
    )
    return rows, "paired"
