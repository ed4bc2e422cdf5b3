"""`Story`: a notice in words, for whoever reads it in a terminal, in a channel or in mail.

Names, addresses and actions come from logs, where an attacker may have written them: they are
put on one line, and characters that act on a terminal or turn text around are written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.report.view import visible
from lakewarden.watch.sinks.notice import Notice, in_one_line, moment

_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Story:
    """A notice in words.

    Attributes:
        heading: severity and title.
        facts: who, when, how often, which rule and which alert.
        events: some of the events, one a line.
        advice: what it means and what to do, each with its own heading.
        command: what acknowledges it.
    """

    heading: str
    facts: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    advice: tuple[tuple[str, str], ...]
    command: str

    @property
    def text(self) -> str:
        """Return all of it as plain text."""
        lines = [self.heading, *(f"  {name:8} {text}" for name, text in self.facts)]
        lines += ["", *(f"  {line}" for line in self.events)]
        lines += [f"\n{name}: {text}" for name, text in self.advice]
        return "\n".join([*lines, "", f"Acknowledge it: {self.command}", ""])


def story_of(notice: Notice) -> Story:
    """Return a notice in words."""
    alert = notice.alert
    left = alert.count - len(alert.evidence)
    return Story(
        heading=shown(f"[{alert.severity.value}{_since(notice)}] {alert.title}: {alert.entity}"),
        facts=(
            ("Who", shown(alert.entity)),
            ("When", f"{moment(alert.first)} to {moment(alert.last)}"),
            ("Events", str(alert.count)),
            ("Account", shown(alert.account or "-")),
            ("Rule", shown(alert.rule)),
            ("Alert", alert.id),
        ),
        events=(
            *(_line(row) for row in alert.evidence),
            *([f"and {left} more"] if left > 0 else []),
        ),
        advice=tuple((name, visible(text)) for name, text in _advice(notice) if text),
        command=f"lakewarden watch alerts ack {alert.id} --reason …",
    )


def shown(text: object) -> str:
    """Return text of a log, fit for one line."""
    line = visible(in_one_line(text))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _since(notice: Notice) -> str:
    """Return what is new of an alert that was told before."""
    if notice.before is None:
        return ""
    worse = notice.before is not notice.alert.severity
    return f", was {notice.before.value}" if worse else ", more of it"


def _line(row: Mapping[str, Any]) -> str:
    what = ".".join(filter(None, (row.get("service"), row.get("action"))))
    if not what:
        return shown(f"{moment(row['ts'])} event {row.get('id')}")
    said = "-" if row.get("status") is None else row["status"]
    parts = (row.get("actor") or "-", "from", row.get("src_ip") or "-", "in", row.get("place"))
    who = " ".join(str(part or "-") for part in parts)
    return shown(f"{moment(row['ts'])} {what} {who}: {said}")


def _advice(notice: Notice) -> Iterator[tuple[str, str]]:
    yield "What it means", notice.why
    yield "Not certain", in_one_line(notice.alert.unconfirmed)
    yield "When it means nothing", " ".join(notice.false_positives)
    yield "Do", notice.response.get("do", "")
    yield "Runbook", notice.response.get("runbook", "")
