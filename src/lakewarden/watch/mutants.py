"""Rules that are wrong in one place each, to see whether the examples of a rule notice."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.events.columns import Source
from lakewarden.watch.rule import Rule, duration, rule_of

_NUMBERS: Final = ("at_least", "floor", "least_periods", "flat")
_WINDOWS: Final = ("window", "within", "history", "warmup", "longest")
_LISTS: Final = ("by", "value", "differs", "same")
_SECOND: Final = 1000
_GONE: Final = object()
_ALWAYS: Final = {"ts|gte": 0}
_NEVER: Final = {"ts|lt": 0}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one change."""

    rule: Rule
    change: str


@dataclass(frozen=True, slots=True)
class _Change:
    """What stands at a place of a rule's file from now on."""

    about: str
    path: tuple[str | int, ...]
    value: Any = _GONE

    def made(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return a file with the change."""
        changed: dict[str, Any] = copy.deepcopy(dict(spec))
        at: Any = changed
        for step in self.path[:-1]:
            at = at[step]
        if self.value is _GONE:
            del at[self.path[-1]]
        else:
            at[self.path[-1]] = self.value
        return changed


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Yield the rule with one change after the other; those that are no rules are left out."""
    for change in _changes(rule):
        try:
            yield Mutant(rule_of(rule.id, change.made(rule.spec)), change.about)
        except (ValueError, KeyError, TypeError):
            continue


def _changes(rule: Rule) -> Iterator[_Change]:
    for name, selection in rule.select.items():
        yield from _of_selection(name, selection)
        if len(rule.select) > 1 and not isinstance(selection, list):
            yield _Change(f"{name} always", ("select", name), _ALWAYS)
            yield _Change(f"{name} never", ("select", name), _NEVER)
    yield from _of_numbers(rule)
    yield from _of_windows(rule)
    for n in range(len(rule.spec.get("steps", ()))):
        yield _Change(f"without step {n}", ("steps", n))
    for name in _LISTS:
        fields = rule.spec.get(name, ())
        for n, field in enumerate(fields):
            if len(fields) > 1 or name == "by":
                yield _Change(f"{name} without {field}", (name, n))
    for n, worse in enumerate(rule.worse):
        path = ("worse", n) if isinstance(rule.spec["worse"], list) else ("worse",)
        yield _Change(f"not worse when {worse.when.text}", path)


def _of_selection(name: str, selection: Any) -> Iterator[_Change]:
    """Yield each condition of a selection dropped, and each alternative."""
    if isinstance(selection, list):
        for n, one in enumerate(selection):
            yield _Change(f"{name} without {one}", ("select", name, n))
            for key in one if len(one) > 1 else ():
                yield _Change(f"{name}: one without {key}", ("select", name, n, key))
        return
    for key in selection if len(selection) > 1 else ():
        yield _Change(f"{name} without {key}", ("select", name, key))


def _of_numbers(rule: Rule) -> Iterator[_Change]:
    places: list[tuple[tuple[str | int, ...], Any]] = [
        ((name,), rule.spec.get(name)) for name in _NUMBERS
    ]
    places += [
        (("steps", n, "at_least"), step.get("at_least"))
        for n, step in enumerate(rule.spec.get("steps", ()))
    ]
    for path, value in places:
        if isinstance(value, int):
            for other in (value - 1, value + 1):
                yield _Change(f"{path[-1]} {other}", path, other)


def _of_windows(rule: Rule) -> Iterator[_Change]:
    tick = _SECOND if rule.sources == (Source.VPCFLOW,) else 1
    if rule.kind == "baseline":
        tick = duration(rule.spec["per"])  # its history is of whole periods
    for name in _WINDOWS:
        value = rule.spec.get(name)
        if isinstance(value, str) and not value.startswith("${"):
            for other in (duration(value) - tick, duration(value) + tick):
                yield _Change(f"{name} {other}ms", (name,), f"{other}ms")
