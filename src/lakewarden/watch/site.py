"""`Site`: what rules ask of the place that they run at, as `${site.NAME}`, and its time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from lakewarden.events.catalog import sets

_REFERENCE: Final = re.compile(r"\$\{(site|set)\.([a-z0-9_]+)\}")
_YEARS: Final = (2015, 2040)


@dataclass(frozen=True, slots=True)
class Site:
    """The values of one deployment.

    Attributes:
        values: by name.
        timezone: the time zone of `local_hour` and `local_weekday`.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    timezone: str = "UTC"

    def empty(self, name: str) -> bool:
        """Return whether nobody said anything of a value."""
        return self.values.get(name) in ([], (), "", None)

    def resolve(self, value: Any) -> Any:
        """Return a value of a rule with its references replaced; lists in lists are flattened.

        Raises:
            ValueError: there is no such value or set.
        """
        if isinstance(value, str):
            found = _REFERENCE.fullmatch(value)
            return self._referred(found[1], found[2]) if found else value
        if isinstance(value, list):
            flat: list[Any] = []
            for item in value:
                one = self.resolve(item)
                flat.extend(one) if isinstance(one, list) else flat.append(one)
            return flat
        return value

    def local(self, time: str) -> str:
        """Return SQL for the local time, in ms, of a time in UTC."""
        first, changes = _offsets(self.timezone)
        if not changes:
            return f"({time} + {first})"
        cases = " ".join(f"WHEN {time} >= {at} THEN {offset}" for at, offset in reversed(changes))
        return f"({time} + CASE {cases} ELSE {first} END)"

    def _referred(self, space: str, name: str) -> Any:
        table: Mapping[str, Any] = self.values if space == "site" else sets()
        if name not in table:
            raise ValueError(f"there is no ${{{space}.{name}}}")
        value = table[name]
        return list(value) if isinstance(value, tuple) else value


def references(value: Any) -> frozenset[str]:
    """Return the names of all site values that a piece of a rule refers to."""
    if isinstance(value, str):
        found = _REFERENCE.fullmatch(value)
        return frozenset({found[2]}) if found and found[1] == "site" else frozenset()
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(inner, str | int | float | bool | None):
        return frozenset()
    return frozenset().union(*(references(item) for item in inner))


def asked_of(spec: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of all site values that a rule's file refers to, in its query as well."""
    text = str(spec.get("query", ""))
    return references(dict(spec)) | {
        name for space, name in _REFERENCE.findall(text) if space == "site"
    }


@cache
def _offsets(timezone: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return the first offset from UTC in ms, and every later one with the time it begins."""
    zone = ZoneInfo(timezone)
    day = datetime(_YEARS[0], 1, 1, tzinfo=UTC)
    first = before = _offset(day, zone)
    changes = []
    while day.year < _YEARS[1]:
        after = _offset(day + timedelta(days=1), zone)
        if after != before:
            changes.append((_turn(day, zone, before), after))
        day, before = day + timedelta(days=1), after
    return first, tuple(changes)


def _turn(day: datetime, zone: ZoneInfo, before: int) -> int:
    """Return the first minute of a day at which the offset is another one, in ms."""
    minutes = (day + timedelta(minutes=n) for n in range(1441))
    turn = next(minute for minute in minutes if _offset(minute, zone) != before)
    return int(turn.timestamp() * 1000)


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds() * 1000)
