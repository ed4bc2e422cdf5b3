"""`Rule`: one detection, as its YAML file says it, checked key by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.events.columns import Source
from lakewarden.ledger.finding import Severity
from lakewarden.watch.condition import Condition
from lakewarden.watch.condition import read as read_condition
from lakewarden.watch.site import Site, references
from lakewarden.watch.spec import COMMON, KINDS, LISTS, NEEDS, THREATS

_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d)")
_UNITS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
HOUR: Final = _UNITS["h"]


@dataclass(frozen=True, slots=True)
class Worse:
    """A condition under which an alert is more severe."""

    when: Condition
    severity: Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One detection.

    Attributes:
        id: its area and name, `login.failed_burst`.
        kind: how events are put together.
        sources: where the events are recorded.
        severity: how much it matters.
        worse: when it matters more.
        select: the selections, by name.
        condition: how they are put together; None for a rule in SQL.
        by: the fields whose values are watched apart from each other.
        entity: the fields that name whom an alert is about.
        suppress: the span in which one entity has one alert, in ms.
        spec: everything that the file says.
    """

    id: str
    kind: str
    sources: tuple[Source, ...]
    severity: Severity
    worse: tuple[Worse, ...]
    select: Mapping[str, Any]
    condition: Condition | None
    by: tuple[str, ...]
    entity: tuple[str, ...]
    suppress: int
    spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return its title."""
        return str(self.spec["title"])

    @property
    def unconfirmed(self) -> str:
        """Return why it is not certain that it can fire; empty where it is."""
        return str(self.spec.get("unconfirmed", ""))

    @property
    def requires(self) -> tuple[str, ...]:
        """Return the site values without which it cannot tell anything."""
        return tuple(self.spec.get("requires", ()))

    @property
    def only(self) -> Condition | None:
        """Return what else holds of an event that is told; None where there is nothing else."""
        text = self.spec.get("only")
        return None if text is None else read_condition(str(text), self.select)

    def missing(self, site: Site) -> tuple[str, ...]:
        """Return the required site values that nobody gave."""
        return tuple(name for name in self.requires if site.empty(name))

    def duration(self, name: str, site: Site, default: int = 0) -> int:
        """Return one of its durations in ms."""
        value = self.spec.get(name)
        return default if value is None else duration(site.resolve(value))

    def number(self, name: str, site: Site, default: float | None = None) -> float:
        """Return one of its numbers.

        Raises:
            ValueError: it is none, or it is not there.
        """
        value = site.resolve(self.spec.get(name, default))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name}: {value!r} is no number")  # noqa: TRY004  # rules err in one way
        return value

    def conditions(self) -> tuple[Condition, ...]:
        """Return every condition that says which events it looks at."""
        if self.kind != "sequence":
            return (self.condition,) if self.condition else ()
        words = [step.get("is", step.get("absent")) for step in self.spec["steps"]]
        return tuple(read_condition(str(text), self.select) for text in words)


def duration(value: Any) -> int:
    """Return a duration, `15m`, in ms.

    Raises:
        ValueError: it is none.
    """
    found = _DURATION.fullmatch(str(value))
    if not found:
        raise ValueError(f"{value!r} is no duration: 90s, 15m, 1h and 30d are")
    return int(found[1]) * _UNITS[found[2]]


def rule_of(identity: str, spec: Mapping[str, Any]) -> Rule:
    """Return the rule that a file describes.

    Args:
        identity: its area and name.
        spec: the file, read.

    Raises:
        ValueError: with what is wrong about it.
    """
    _check_keys(spec)
    kind = str(spec["kind"])
    select = spec.get("select", {})
    names = [str(source) for source in _listed(spec["source"])]
    rule = Rule(
        id=identity,
        kind=kind,
        sources=tuple(_one_of(Source, name, "source") for name in names),
        severity=_one_of(Severity, spec["severity"], "severity"),
        worse=tuple(_worse(each, select) for each in _listed(spec.get("worse", []))),
        select=select,
        condition=read_condition(str(spec["condition"]), select) if "condition" in spec else None,
        by=tuple(spec.get("by", ())),
        entity=tuple(spec.get("entity", spec.get("by", ()) or ("actor",))),
        suppress=_suppress(spec),
        spec=spec,
    )
    _check_uses(rule)
    return rule


def _check_keys(spec: Mapping[str, Any]) -> None:
    kind = str(spec.get("kind"))
    if kind not in KINDS:
        raise ValueError(f"kind: {kind!r} is none of {', '.join(KINDS)}")
    required = COMMON.required | KINDS[kind].required
    missing = sorted(required - spec.keys())
    if missing:
        raise ValueError(f"{', '.join(missing)}: missing")
    unknown = sorted(spec.keys() - required - COMMON.optional - KINDS[kind].optional)
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no key of a rule of kind {kind}")
    for key in LISTS:
        if not isinstance(spec.get(key, []), list) or any(
            type(e) is not str for e in spec.get(key, ())
        ):
            raise ValueError(f"{key}: {spec[key]!r} is no list of texts")
    _check_select(spec.get("select", {}))
    for key, allowed in (("threats", THREATS), ("needs", NEEDS)):
        wrong = sorted(set(spec.get(key, ())) - allowed)
        if wrong:
            raise ValueError(f"{key}: {wrong[0]!r} is none of {', '.join(sorted(allowed))}")
    if not spec["false_positives"] or not spec["response"].get("do"):
        raise ValueError("false_positives and response.do must say something")


def _check_select(select: Any) -> None:
    if not isinstance(select, Mapping):
        raise ValueError("select: names of selections are wanted")  # noqa: TRY004  # rules err in one way
    for name, selection in select.items():
        for one in _listed(selection) or [selection]:
            if not isinstance(one, Mapping) or not one:
                raise ValueError(
                    f"select.{name}: {one!r} is no selection: a map of fields is, or a list of maps"
                )


def _check_uses(rule: Rule) -> None:
    """Insist that every selection is used, and that every required site value is.

    Raises:
        ValueError: one is not.
    """
    only = [rule.only] if rule.only else []
    conditions = (*rule.conditions(), *only, *(each.when for each in rule.worse))
    used = _in_text(rule, "select").union(*(each.names for each in conditions))
    idle = sorted(rule.select.keys() - used)
    if idle:
        raise ValueError(f"select.{idle[0]}: no condition speaks of it")
    unknown = sorted(used - rule.select.keys())
    if unknown:
        raise ValueError(f"query: there is no ${{select.{unknown[0]}}}")
    spare = sorted(set(rule.requires) - references(dict(rule.spec)) - _in_text(rule, "site"))
    if spare:
        raise ValueError(f"requires: ${{site.{spare[0]}}} is not used")


def _in_text(rule: Rule, space: str) -> frozenset[str]:
    return frozenset(re.findall(rf"\$\{{{space}\.(\w+)\}}", str(rule.spec.get("query", ""))))


def _suppress(spec: Mapping[str, Any]) -> int:
    if "suppress" in spec:
        return max(1, duration(spec["suppress"]))
    window = spec.get("window", spec.get("within", spec.get("per")))
    known = isinstance(window, str) and not window.startswith("${")
    return max(HOUR, duration(window)) if known else HOUR


def _worse(entry: Any, select: Mapping[str, Any]) -> Worse:
    if not isinstance(entry, Mapping) or set(entry) != {"when", "severity"}:
        raise ValueError("worse: each entry has `when` and `severity`")
    condition = read_condition(str(entry["when"]), select)
    return Worse(condition, _one_of(Severity, entry["severity"], "worse.severity"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _one_of(choices: Any, value: Any, place: str) -> Any:
    try:
        return choices(value)
    except ValueError:
        names = ", ".join(choices)
        raise ValueError(f"{place}: {value!r} is none of {names}") from None
