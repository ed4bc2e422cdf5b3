"""The report of an impact: as JSON, and as tables for a terminal."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakewarden.impact.admit import Suggestion
from lakewarden.impact.coverage import Cover
from lakewarden.impact.replay import Read
from lakewarden.impact.tally import Key, Row, Span, Tally, Total
from lakewarden.report.view import visible

FORMAT: Final = "lakewarden.impact/1"
_PIPE_WIDTH: Final = 200
_ROWS_SHOWN: Final = 15
_ADMIT_SHOWN: Final = 10
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything that replaying came to.

    Attributes:
        digest: the plan's.
        tally: what would be refused.
        read: what was read of the logs.
        covers: what is known of each change.
        networks: what to admit first, of networks.
        service_principals: likewise, of service principals.
        labels: display names of service principals.
    """

    digest: str
    tally: Tally
    read: Read
    covers: tuple[Cover, ...]
    networks: tuple[Suggestion, ...]
    service_principals: tuple[Suggestion, ...]
    labels: Mapping[str, str]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return what events do not show, a line each."""
        texts: dict[str, list[str]] = {}
        for cover in self.covers:
            if cover.hidden:
                texts.setdefault(cover.hidden, []).append(cover.address)
        hidden = [f"{_several(places)}: {text}" for text, places in texts.items()]
        doubts = [
            f"{family}: {total.span.count} requests of {len(total.people)} principals: {text}"
            for (family, text), total in self.tally.doubts.items()
        ]
        broken = [f"{self.read.broken_count} lines of the logs cannot be read"]
        return (*hidden, *doubts, *(broken if self.read.broken_count else ()))


def _several(places: list[str]) -> str:
    """Return some addresses, the first of them by name."""
    more = len(places) - _NAMED
    return ", ".join(places[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def as_json(impact: Impact) -> dict[str, Any]:
    """Return a report as one object."""
    tally, read = impact.tally, impact.read
    return {
        "format": FORMAT,
        "plan": impact.digest,
        "events": {
            "lines": read.lines,
            "looked_at": read.looked_at,
            "of_other_accounts": read.foreign,
            "first": _time(read.first),
            "last": _time(read.last),
            "unreadable": read.broken_count,
            "unreadable_places": read.broken,
        },
        "refused": tally.refused,
        "principals": len(tally.people),
        "doubtful": tally.doubtful,
        "reasons": [_total(pair, total) for pair, total in _by_count(tally.totals)],
        "rows": [_row(key, row) for key, row in tally.top(len(tally.rows), lambda _: True)],
        "admit_first": {
            "networks": [asdict(one) for one in impact.networks],
            "service_principals": [asdict(one) for one in impact.service_principals],
        },
        "doubts": [_total(pair, total) for pair, total in _by_count(tally.doubts)],
        "changes": [asdict(cover) for cover in impact.covers],
        "unknown": list(impact.unknown),
    }


def write_json(impact: Impact, stream: TextIO) -> None:
    """Write a report as JSON."""
    stream.write(json.dumps(as_json(impact), indent=2, ensure_ascii=False) + "\n")


def write_table(impact: Impact, stream: TextIO) -> None:
    """Write a report for people."""
    width = None if stream.isatty() else _PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as written:
        _head(console, impact)
        _reasons(console, impact)
        _rows(console, impact)
        _admit(console, "Networks to admit first", impact.networks, impact.labels)
        machines = impact.service_principals
        _admit(console, "Service principals to admit first", machines, impact.labels)
        _unknown(console, impact)
    stream.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())


def _head(console: Console, impact: Impact) -> None:
    read, tally = impact.read, impact.tally
    console.print(
        f"{tally.refused} requests of {len(tally.people)} principals would have been refused."
    )
    if read.first is not None:
        console.print(
            f"{read.lines} events from {_time(read.first)} to {_time(read.last)} were replayed "
            f"against {len(impact.covers)} changes, {read.looked_at} of them looked at."
        )
    elif not any(cover.judged for cover in impact.covers):
        console.print("No change of the plan refuses anything that events show.")
    else:
        console.print("There were no events: who would have been refused is not known.")


def _reasons(console: Console, impact: Impact) -> None:
    columns = ("Matter", "Why", "Requests", "Principals", "First", "Last")
    rows = [
        (family, text, t.span.count, len(t.people), *_ends(t.span))
        for (family, text), t in _by_count(impact.tally.totals)
    ]
    _table(console, "By reason", columns, rows)


def _rows(console: Console, impact: Impact) -> None:
    columns = ("Who", "What", "Owner", "Where", "Why", "Requests", "First", "Last")
    top = list(impact.tally.top(_ROWS_SHOWN, lambda _: True))
    rows = [
        (
            *(impact.labels.get(key.who, key.who), _short(key.what)),
            *(impact.labels.get(key.owner, key.owner), key.scope),
            f"{key.reason} ({row.example})" if row.example else key.reason,
            *(row.span.count, *_ends(row.span)),
        )
        for key, row in top
    ]
    rest = len(impact.tally.rows) - len(top)
    title = "Most refused" + (f" ({rest} more with --format json)" if rest > 0 else "")
    _table(console, title, columns, rows)


def _admit(
    console: Console, title: str, found: Iterable[Suggestion], labels: Mapping[str, str]
) -> None:
    rows = []
    for one in itertools.islice(found, _ADMIT_SHOWN):
        who = ", ".join(labels.get(name, name) for name in one.people[:_NAMED])
        rows.append((one.scope, one.what, one.requests, f"{one.share:.0%}", who))
    _table(console, title, ("Where", "What", "Requests", "Saved so far", "Who"), rows)


def _unknown(console: Console, impact: Impact) -> None:
    if impact.unknown:
        console.print("\nNot known:")
    for line in impact.unknown:
        console.print(Text(f"  {visible(line)}"), soft_wrap=True)


def _table(
    console: Console, title: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]
) -> None:
    if not rows:
        return
    console.print(f"\n{title}")
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(str(cell))) for cell in row))
    console.print(table)


def _by_count(totals: Mapping[tuple[str, str], Total]) -> Iterator[tuple[tuple[str, str], Total]]:
    yield from sorted(totals.items(), key=lambda entry: (-entry[1].span.count, entry[0]))


def _total(pair: tuple[str, str], total: Total) -> dict[str, Any]:
    family, text = pair
    return {
        "family": family,
        "reason": text,
        "requests": total.span.count,
        "principals": len(total.people),
        "first": _time(total.span.first),
        "last": _time(total.span.last),
        "without_a_row": total.beyond,
    }


def _row(key: Key, row: Row) -> dict[str, Any]:
    return {
        **asdict(key),
        "example": row.example,
        "requests": row.span.count,
        "first": _time(row.span.first),
        "last": _time(row.span.last),
    }


def _ends(span: Span) -> tuple[str, str]:
    return _time(span.first) or "", _time(span.last) or ""


def _time(millis: int | None) -> str | None:
    if millis is None:
        return None
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="seconds")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004  # what a column holds
