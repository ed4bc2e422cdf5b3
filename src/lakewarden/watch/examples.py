"""The examples of a rule: what happens in each, as the records that the platforms deliver."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lakewarden.errors import UsageError
from lakewarden.events.columns import Source
from lakewarden.watch.records import account_of, record_of
from lakewarden.watch.rule import duration

MONDAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
DAY: Final = 86_400_000
_AT: Final = re.compile(r"(?:([+-]\d+)d\s+)?(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?")
_KEYS: Final = frozenset({"name", "alerts", "events", "site", "now", "places", "files", "ip_lists"})
_TIMES: Final = frozenset({"arrived", "first_ts", "last_ts", "taken"})


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        number: its place in the file, from 1.
        name: what it shows.
        alerts: how many alerts it ends in, or what is to be said of each.
        records: what the platforms recorded, each with its source.
        now: when the rule is run, in ms.
        site: site values that are others here.
        places: country, latitude, longitude, radius by address.
        tables: rows of the other views.
        apart: whether it can only be tried by itself.
    """

    number: int
    name: str
    alerts: int | list[Mapping[str, Any]]
    records: Sequence[tuple[Source, Mapping[str, Any]]]
    now: int
    site: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    apart: bool = False

    @property
    def expected(self) -> int:
        """Return how many alerts it ends in."""
        return self.alerts if isinstance(self.alerts, int) else len(self.alerts)

    def account(self, source: Source) -> str:
        """Return the account that its events happen in."""
        return account_of(self.number, source)


def read(file: Path, sources: Sequence[Source], start: int = 1) -> list[Example]:
    """Read the examples of a rule.

    Args:
        file: the file of the examples.
        sources: where the rule's events are recorded.
        start: the number of the first, which its account is called by.

    Raises:
        UsageError: a line is no example.
    """
    if not file.is_file():
        raise UsageError(
            "there are no examples", where=str(file), next_step="Write some, as docs/rules.md says"
        )
    lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    return [_example(file, start + n, line, sources) for n, line in enumerate(lines)]


def millis(text: str) -> int:
    """Return a time of an example, `+3d 09:30:00.001`, in ms since 1970.

    Raises:
        ValueError: it is none.
    """
    found = _AT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time: HH:MM[:SS[.mmm]] is, with +3d or -3d before it")
    days, hours, minutes, seconds, thousandths = (int(part or 0) for part in found.groups())
    clock = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    moment = MONDAY + timedelta(days=days) + clock
    return int(moment.timestamp() * 1000) + thousandths


def _example(file: Path, number: int, line: str, sources: Sequence[Source]) -> Example:
    try:
        raw = json.loads(line)
        unknown = sorted(raw.keys() - _KEYS)
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no key of an example")  # noqa: TRY301  # one place for all
        return _read(raw, number, sources)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise UsageError(
            f"is no example: {error}",
            where=f"{file.parent.name}/{file.name} example {number}",
            next_step="See docs/rules.md for what an example says",
        ) from None


def _read(raw: Mapping[str, Any], number: int, sources: Sequence[Source]) -> Example:
    events = [event for each in raw["events"] for event in _repeated(each)]
    records = [
        record_of(event, at, f"{number:03}-{n:05}", number, sources)
        for n, (event, at) in enumerate(events)
    ]
    last = max((at for _, at in events), default=millis("00:00"))
    return Example(
        number=number,
        name=raw["name"],
        alerts=raw["alerts"],
        records=records,
        now=millis(raw["now"]) if "now" in raw else last + DAY,
        site=raw.get("site", {}),
        places=raw.get("places", {}),
        tables={view: [_timed(row) for row in raw.get(view, ())] for view in ("files", "ip_lists")},
        apart=bool({"now", "site", "places", "files", "ip_lists"} & raw.keys())
        or any("account" in event for event, _ in events),
    )


def _timed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    def at(key: str, value: Any) -> Any:
        return millis(value) if key in _TIMES and isinstance(value, str) else value

    return {key: at(key, value) for key, value in row.items()}


def _repeated(event: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], int]]:
    start = millis(event["at"])
    every = duration(event.get("every", "1s"))
    for n in range(event.get("times", 1)):
        yield event, start + n * every
