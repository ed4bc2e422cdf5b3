"""Rules of ours as Sigma rules. What Sigma cannot say exactly is refused with the reason."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.events.catalog import load
from lakewarden.events.columns import Source
from lakewarden.watch.condition import read as read_condition
from lakewarden.watch.rule import Rule
from lakewarden.watch.selection import listed, parts
from lakewarden.watch.sigma.fields import NAMES, Names
from lakewarden.watch.sigma.reading import OWN
from lakewarden.watch.site import Site

_COUNTED: Final = {"threshold": "event_count", "distinct": "value_count"}
_PARTS: Final = frozenset({"contains", "startswith", "endswith"})
_UNSAID: Final = frozenset({"ahead", "length"})
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))
_PLACE: Final = uuid.UUID("6f0e8f0a-3f57-5f3c-9a25-6a7d7c3f3f10")
"""The namespace of the ids of what is written, so that a rule has the same id each time."""


def written(rule: Rule, site: Site) -> list[dict[str, Any]]:
    """Return a rule as the documents of a Sigma file.

    Args:
        rule: the rule.
        site: the values of the deployment, which take the place of references to them.

    Raises:
        ValueError: it cannot be said exactly.
    """
    if len(rule.sources) != 1 or rule.sources[0] not in NAMES:
        raise ValueError("source: only one of cloudtrail and databricks can be said")
    writer = _Writer(rule, site, rule.sources[0])
    if rule.kind == "match":
        return [writer.base(str(rule.spec["condition"]), writer.head(rule.id))]
    if rule.kind in _COUNTED:
        return writer.counted()
    if rule.kind == "sequence":
        return writer.ordered()
    raise ValueError(f"kind: {rule.kind} cannot be said")


def left_out(rule: Rule) -> list[str]:
    """Return what of a rule Sigma has no word for, though it changes nothing that is found."""
    return ["worse: severities that depend on the event"] if rule.worse else []


class _Writer:
    """Writes the documents of one rule."""

    def __init__(self, rule: Rule, site: Site, source: Source) -> None:
        self._rule = rule
        self._site = site
        self._source = source
        self._names: Names = NAMES[source]

    def head(self, name: str) -> dict[str, Any]:
        """Return what every document of a rule begins with."""
        spec = self._rule.spec
        later = load("attack")["v19"]["techniques"]
        return {
            "title": self._rule.title,
            "id": str(uuid.uuid5(_PLACE, name)),
            "status": "test",
            "description": " ".join(str(spec["why"]).split()),
            "tags": [f"attack.{later.get(each, each).lower()}" for each in spec["attack"]],
            "falsepositives": [" ".join(str(each).split()) for each in spec["false_positives"]],
            "level": self._rule.severity.value,
            OWN: {
                "entity": list(self._rule.entity),
                "suppress": f"{self._rule.suppress}ms",
                "threats": list(spec["threats"]),
                "paper": list(spec["paper"]),
                "response": dict(spec["response"]),
            },
        }

    def base(self, condition: str, head: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document of one condition."""
        names = read_condition(condition, self._rule.select).names
        searches = {
            name: self._search(each) for name, each in self._rule.select.items() if name in names
        }
        logsource = dict(self._names.logsource)
        return {
            **head,
            "logsource": logsource,
            "detection": {**searches, "condition": condition},
        }

    def counted(self) -> list[dict[str, Any]]:
        """Return the documents of a rule that counts: what is counted, and how."""
        spec = self._rule.spec
        if "sum" in spec:
            raise ValueError("sum: only numbers of events can be said")
        bound: dict[str, Any] = {"gte": self._rule.number("at_least", self._site)}
        if self._rule.kind == "distinct":
            values = spec["value"]
            if len(values) != 1:
                raise ValueError("value: several fields at once cannot be said")
            bound["field"] = self._field(values[0])
        return self._correlated(
            _COUNTED[self._rule.kind], [str(spec["condition"])], "window", condition=bound
        )

    def ordered(self) -> list[dict[str, Any]]:
        """Return the documents of a rule about one thing after another."""
        spec = self._rule.spec
        if {"differs", "same"} & spec.keys() or any(set(step) != {"is"} for step in spec["steps"]):
            raise ValueError("steps: only plain ones, one after another, can be said")
        steps = [str(step["is"]) for step in spec["steps"]]
        return self._correlated("temporal_ordered", steps, "within")

    def _correlated(
        self, kind: str, conditions: list[str], span: str, **more: Any
    ) -> list[dict[str, Any]]:
        names = [f"{self._rule.id}.{n}" for n in range(len(conditions))]
        bases = [
            self.base(condition, {"title": f"{self._rule.title} ({n + 1})", "name": name})
            for n, (condition, name) in enumerate(zip(conditions, names, strict=True))
        ]
        correlation = {
            "type": kind,
            "rules": names,
            "group-by": [self._field(name) for name in self._rule.by],
            "timespan": _span(self._rule.duration(span, self._site)),
            **more,
        }
        return [*bases, {**self.head(self._rule.id), "correlation": correlation}]

    def _search(self, selection: Any) -> Any:
        maps = [made for one in listed(selection) for made in self._maps(one)]
        return maps if len(maps) > 1 or isinstance(selection, list) else maps[0]

    def _maps(self, one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield a map as maps of theirs: one for each service that it names."""
        rest = dict(self._condition(key, each) for key, each in one.items() if key != "do")
        for called in self._called(one):
            yield {**called, **rest}

    def _called(self, one: Mapping[str, Any]) -> list[dict[str, Any]]:
        services: dict[str, list[str]] = {}
        for name in listed(self._site.resolve(one["do"])) if "do" in one else ():
            service, _, action = str(name).partition(".")
            services.setdefault(service, []).append(action)
        return [
            {
                self._names.service: f"{service}{self._names.suffix}",
                **({} if "*" in actions else {self._names.action: actions}),
            }
            for service, actions in services.items()
        ] or [{}]

    def _condition(self, key: str, value: Any) -> tuple[str, Any]:
        field, modifiers = parts(str(key))
        unsaid = sorted(_UNSAID & set(modifiers))
        if unsaid:
            raise ValueError(f"{key}: {unsaid[0]!r} cannot be said")
        values = [self._value(key, each, modifiers) for each in listed(self._site.resolve(value))]
        if not values:
            raise ValueError(f"{key}: nobody gave it a value")
        said = "|".join([self._field(field), *_modifiers(modifiers)])
        return said, values if len(values) > 1 else values[0]

    def _value(self, key: str, value: Any, modifiers: tuple[str, ...]) -> Any:
        if "field" in modifiers:
            return self._field(str(value))
        if not isinstance(value, str) or "re" in modifiers:
            return value
        if _PARTS & set(modifiers):
            return re.sub(r"([*?\\])", r"\\\1", value)
        if "\\" in value:
            raise ValueError(f"{key}: a backslash cannot be said")
        return value

    def _field(self, name: str) -> str:
        found = self._names.theirs(name)
        if found is None:
            raise ValueError(f"{name}: the records of {self._source.value} have no such field")
        return found


def _modifiers(modifiers: tuple[str, ...]) -> list[str]:
    """Return their modifiers; a regular expression minds the case there unless told otherwise."""
    said = ["fieldref" if each == "field" else each for each in modifiers]
    if "re" in said:
        said = [each for each in said if each != "cased"] + ([] if "cased" in said else ["i"])
    return said


def _span(time: int) -> str:
    for unit, length in _UNITS:
        if time % length == 0 and time:
            return f"{time // length}{unit}"
    raise ValueError(f"a time of {time} ms cannot be said")
