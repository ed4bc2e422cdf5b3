"""Rules that are wrong in one place each, to see whether the examples of a rule notice."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.events.columns import Source
from lakewarden.watch.rule import Rule, duration, rule_of

_NUMBERS: Final = ("at_least", "floor", "least_periods", "flat")
_WINDOWS: Final = ("window", "within", "history", "warmup", "longest")
_LISTS: Final = ("by", "value", "differs", "same")
_SECOND: Final = 1000


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one change."""

    rule: Rule
    change: str


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Yield the rule with one change after the other; those that are no rules are left out."""
    for change, alter in _alterations(rule):
        spec: dict[str, Any] = copy.deepcopy(dict(rule.spec))
        alter(spec)
        try:
            yield Mutant(rule_of(rule.id, spec), change)
        except (ValueError, KeyError, TypeError):
            continue


Alter = Callable[[dict[str, Any]], None]


def _alterations(rule: Rule) -> Iterator[tuple[str, Alter]]:
    yield from _selections(rule)
    yield from _numbers(rule)
    yield from _windows(rule)
    yield from _steps(rule)
    for name in _LISTS:
        for n, field in enumerate(rule.spec.get(name, ())):
            if len(rule.spec[name]) > 1 or name == "by":
                yield f"{name} without {field}", lambda s, a=name, i=n: s[a].pop(i)
    for n, worse in enumerate(rule.worse):
        yield f"not worse when {worse.when.text}", lambda s, i=n: _drop_worse(s, i)


def _selections(rule: Rule) -> Iterator[tuple[str, Alter]]:
    """Yield each condition of each selection dropped, and each alternative."""
    for name, selection in rule.select.items():
        if isinstance(selection, list):
            for n, one in enumerate(selection):
                yield f"{name} without {one}", lambda s, a=name, i=n: s["select"][a].pop(i)
                for key in one if len(one) > 1 else ():
                    yield (
                        f"{name}: one without {key}",
                        lambda s, a=name, i=n, k=key: s["select"][a][i].pop(k),
                    )
            continue
        for key in selection if len(selection) > 1 else ():
            yield f"{name} without {key}", lambda s, a=name, k=key: s["select"][a].pop(k)
        if len(rule.select) > 1:
            yield f"{name} always", lambda s, a=name: _replace(s, a, _ALWAYS)
            yield f"{name} never", lambda s, a=name: _replace(s, a, _NEVER)


_ALWAYS: Final = {"ts|gte": 0}
_NEVER: Final = {"ts|lt": 0}


def _replace(spec: dict[str, Any], name: str, selection: dict[str, Any]) -> None:
    spec["select"][name] = selection


def _numbers(rule: Rule) -> Iterator[tuple[str, Alter]]:
    for name in _NUMBERS:
        value = rule.spec.get(name)
        if isinstance(value, int):
            for other in (value - 1, value + 1):
                yield f"{name} {other}", lambda s, a=name, v=other: s.__setitem__(a, v)


def _windows(rule: Rule) -> Iterator[tuple[str, Alter]]:
    tick = _SECOND if rule.sources == (Source.VPCFLOW,) else 1
    if rule.kind == "baseline":
        tick = duration(rule.spec["per"])  # whole periods count
    for name in _WINDOWS:
        value = rule.spec.get(name)
        if isinstance(value, str) and not value.startswith("${"):
            for other in (duration(value) - tick, duration(value) + tick):
                yield f"{name} {other}ms", lambda s, a=name, v=other: s.__setitem__(a, f"{v}ms")


def _steps(rule: Rule) -> Iterator[tuple[str, Alter]]:
    for n, step in enumerate(rule.spec.get("steps", ())):
        yield f"without step {n}", lambda s, i=n: s["steps"].pop(i)
        least = step.get("at_least")
        if isinstance(least, int):
            for other in (least - 1, least + 1):
                yield f"step {n} at_least {other}", lambda s, i=n, v=other: _set_least(s, i, v)


def _set_least(spec: dict[str, Any], step: int, value: int) -> None:
    spec["steps"][step]["at_least"] = value


def _drop_worse(spec: dict[str, Any], number: int) -> None:
    worse = spec["worse"] if isinstance(spec["worse"], list) else [spec["worse"]]
    spec["worse"] = [each for n, each in enumerate(worse) if n != number]
